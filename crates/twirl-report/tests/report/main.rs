//! Reports of run folders whose curves are known in closed form.

mod bands;
mod ends;
mod front;
mod page;
mod reading;
mod synthetic;
mod table;
mod verdicts;
mod versus;
