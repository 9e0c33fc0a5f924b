//! Reports of run folders whose curves are known in closed form.

mod bands;
mod reading;
mod synthetic;
mod versus;
