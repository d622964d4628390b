import { serve } from '../lib/rpc-serve.ts';
import { analyse, editing, fixSafe, format } from './dockerfile.ts';
import type { LintApi } from './types.ts';

serve<LintApi>({ analyse, fixSafe, format: ({ text }) => format(text), ...editing });
