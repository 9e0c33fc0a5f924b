//! npz: archives, and the arrays inside intact ones.

use rand::RngExt;
use twirl_core::Stream;

use super::{data, fixtures};
use crate::mutate;
use crate::target::Target;

pub(super) const NPZ: Target = Target {
    name: "npz",
    make: |stream| members(&fixtures::npz_members(6), stream),
    check: |input, scratch| data::check("fuzz.npz", input, scratch),
};

const WORDS: &[&str] = &[
    "'descr'",
    "'<f8'",
    "'>f4'",
    "'|u1'",
    "'<U8'",
    "'|O'",
    "'<c16'",
    "True",
    "False",
    "'shape': (",
    "(3,)",
    "()",
    "(0, 3, 3)",
    "(1000000000, 3, 3)",
    "(-1,)",
    "}",
    "\u{93}NUMPY",
];

/// In one of three cases a damaged archive, else one with right checksums and a damaged array, one
/// under another name, one left out or one under two names.
pub(super) fn members(members: &[(&'static str, Vec<u8>)], stream: &mut Stream) -> Vec<u8> {
    let deflate = stream.random();
    if stream.random_range(0..3) == 0 {
        let archive = fixtures::zip(members, deflate);
        return mutate::bytes(&[archive], &[], stream);
    }
    let mut members: Vec<(&str, Vec<u8>)> = members.to_vec();
    let which = stream.random_range(0..members.len());
    match stream.random_range(0..12) {
        0 => {
            members.remove(which);
        }
        1 => {
            let other = stream.random_range(0..members.len());
            let (first, second) = (members[which].0, members[other].0);
            members[which].0 = second;
            members[other].0 = first;
        }
        2 => members.push(("other.npy", members[which].1.clone())),
        _ => {
            let bytes = std::slice::from_ref(&members[which].1);
            members[which].1 = mutate::bytes(bytes, WORDS, stream);
        }
    }
    fixtures::zip(&members, deflate)
}
