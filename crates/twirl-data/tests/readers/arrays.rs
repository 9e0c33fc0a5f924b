//! Files of other programs as named arrays.

use std::fs;

use hdf5_writer::{AttributeBuilder, DatasetBuilder, Hdf5Builder};
use twirl_data::{Arrays, arrays};

use crate::fixtures;

fn read(name: &str, bytes: &[u8]) -> Arrays {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("written");
    arrays(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// A `.npy` file whose first index runs fastest, as numpy keeps a transposed array.
fn column_major(shape: &str, values: &[f64]) -> Vec<u8> {
    let file = fixtures::npy("<f8", shape, &fixtures::floats(values));
    let place = file.windows(5).position(|bytes| bytes == b"False");
    let place = place.expect("the header says so");
    [&file[..place], b"True ", &file[place + 5..]].concat()
}

#[test]
fn column_major_arrays_are_read_by_index() {
    let shape = [2, 3, 4];
    let value = |i: usize, j: usize, k: usize| (100 * i + 10 * j + k) as f64;
    let mut stored = Vec::new();
    for k in 0..shape[2] {
        for j in 0..shape[1] {
            stored.extend((0..shape[0]).map(|i| value(i, j, k)));
        }
    }
    let members = [
        ("a.npy", column_major("(2, 3, 4)", &stored)),
        ("b.npy", column_major("(24,)", &stored)),
    ];
    let found = read("a.npz", &fixtures::zip(&members, false));
    let array = &found.numbers["a"];
    assert_eq!(array.shape, shape);
    for (place, &found) in array.values.iter().enumerate() {
        assert_eq!(
            found,
            value(place / 12, place / 4 % 3, place % 4),
            "{place}"
        );
    }
    assert_eq!(found.numbers["b"].values, stored, "one axis has one order");
}

#[test]
fn both_byte_orders_give_the_same_numbers() {
    let values = [1_u16, 258, 65_535];
    let bytes = |convert: fn(u16) -> [u8; 2]| values.map(convert).concat();
    let members = [
        (
            "big.npy",
            fixtures::npy(">u2", "(3,)", &bytes(u16::to_be_bytes)),
        ),
        (
            "little.npy",
            fixtures::npy("<u2", "(3,)", &bytes(u16::to_le_bytes)),
        ),
    ];
    let found = read("a.npz", &fixtures::zip(&members, true));
    assert_eq!(found.numbers["big"].values, [1.0, 258.0, 65_535.0]);
    assert_eq!(found.numbers["big"], found.numbers["little"]);
}

#[test]
fn attributes_and_arrays_of_other_programs_do_not_stand_in_the_way() {
    let seed = AttributeBuilder::scalar("seed", 3_i64).expect("a number");
    let builder = Hdf5Builder::new()
        .attribute(AttributeBuilder::fixed_string("kind", "vector"))
        .attribute(AttributeBuilder::fixed_string("CLASS", "GROUP"))
        .attribute(seed)
        .dataset(DatasetBuilder::typed_data("x", vec![2], &[1.5, 2.5]).expect("x"))
        .dataset(DatasetBuilder::fixed_string_data("names", vec![2], &["a", "b"]).expect("names"));
    let found = read("a.h5", &fixtures::encode(builder));
    assert_eq!(found.attributes["kind"], "vector");
    assert!(!found.attributes.contains_key("seed"));
    assert_eq!(found.numbers["x"].values, [1.5, 2.5]);
    assert_eq!(found.others["names"], "not one string");
    assert!(found.texts.is_empty());
}
