// Whose answers callers get that are kept in Redis (T-22).
import { testOwners } from './owners.mjs';

testOwners('redis');
