//! Tests of the workspace as a whole; there is nothing here but tests.
