//! Laws and closed forms that the estimators must meet.
