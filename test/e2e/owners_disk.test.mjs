// Whose answers callers get that are kept in the store on disk (T-22).
import { testOwners } from './owners.mjs';

testOwners('disk');
