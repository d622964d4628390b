//! Rules, configuration, pragmas, fixes.
