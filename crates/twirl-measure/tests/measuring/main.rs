//! Measuring predictions whose figures are known in closed form, and inputs that are wrong.

mod doubts;
mod elements;
mod kinds;
mod layouts;
mod losses;
mod parts;
mod rotations;
mod scene;
mod together;
