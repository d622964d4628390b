import { serve } from '../lib/rpc-serve.ts';
import { analyse, editing, fixSafe, format, planner } from './dockerfile.ts';
import type { LintApi } from './types.ts';

serve<LintApi>({ analyse, planner, fixSafe, format: ({ text }) => format(text), ...editing });
