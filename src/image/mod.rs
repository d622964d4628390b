//! Open, verify, flatten, inspect, save.
