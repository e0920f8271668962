// Whose answers callers get that are kept in memory (T-22).
import { testOwners } from './owners.mjs';

testOwners('memory');
