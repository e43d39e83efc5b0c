//! System tests: see `tests/it/`. Real servers, the real binary.
