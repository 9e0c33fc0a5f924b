//! A record that is lost, changed, doubled or moved is found; what lies behind the kept ones goes.

use std::fs;

use twirl_record::{RecordError, read_records};

use crate::{folder, record, write};

/// One way in which a file of six records goes wrong, with the first record that it touches.
type Damage = (&'static str, usize, fn(&mut Vec<String>));

const DAMAGES: [Damage; 8] = [
    ("a digit is flipped", 3, |lines| {
        lines[3] = lines[3].replacen("0.25", "0.35", 1);
    }),
    ("a NUL is inside", 3, |lines| lines[3].insert(5, '\0')),
    ("two lines are swapped", 3, |lines| lines.swap(3, 4)),
    ("a line is doubled", 4, |lines| {
        lines.insert(4, lines[3].clone());
    }),
    ("a line is missing", 3, |lines| drop(lines.remove(3))),
    ("a line is empty", 3, |lines| lines[3] = "\n".into()),
    ("the last line is torn", 5, |lines| {
        let half = lines[5].len() / 2;
        lines[5].truncate(half);
    }),
    ("the file is empty", 0, Vec::clear),
];

#[test]
fn every_damage_is_found_by_what_counts_on_it_and_by_nothing_before() {
    for (what, first, damage) in DAMAGES {
        let (_dir, folder) = folder();
        let kept = write(&folder, 0..6);
        folder.holds(&kept[6]).expect("as they were written");
        let text = fs::read_to_string(folder.records()).expect("text");
        let mut lines: Vec<String> = text.split_inclusive('\n').map(Into::into).collect();
        damage(&mut lines);
        let damaged = lines.concat();
        assert_ne!(damaged, text, "{what}");
        fs::write(folder.records(), &damaged).expect("written");
        for (count, kept) in kept.iter().enumerate() {
            let found = folder.begins_with(kept);
            assert_eq!(found.is_ok(), count <= first, "{what}, {count}: {found:?}");
            if let Err(error) = found {
                let told = error.to_string();
                assert!(
                    told.contains("records.jsonl: ") && told.contains("; resume"),
                    "{told}"
                );
                assert!(
                    folder.keep_records(kept).is_err(),
                    "{what}: nothing is dropped"
                );
                assert_eq!(fs::read_to_string(folder.records()).expect("text"), damaged);
            }
        }
        assert!(folder.holds(&kept[6]).is_err(), "{what}");
        folder.keep_records(&kept[first]).expect("the ones before");
        folder.holds(&kept[first]).expect("and no others");
        let rest = folder.append(&record(first as u64), &kept[first]);
        let again = rest.expect("written");
        assert_eq!(again, kept[first + 1], "{what}: the same hash again");
    }
}

/// A hash over records is one of their content: a copy with other line ends holds the same.
#[test]
fn more_records_than_were_written_are_found_and_line_ends_are_none() {
    let (_dir, folder) = folder();
    let kept = write(&folder, 0..4);
    assert!(folder.holds(&kept[3]).is_err(), "one more");
    folder.begins_with(&kept[3]).expect("the first three");
    let text = fs::read_to_string(folder.records()).expect("text");
    fs::write(folder.records(), text.replace('\n', "\r\n")).expect("written");
    folder.holds(&kept[4]).expect("the same records");
    let records = read_records(&folder.records()).expect("records");
    assert_eq!(records.len(), 4);
}

#[test]
fn a_file_that_goes_away_while_it_is_written_is_not_begun_anew() {
    let (_dir, folder) = folder();
    let kept = write(&folder, 0..2);
    fs::remove_file(folder.records()).expect("removed");
    let lost = folder.append(&record(2), &kept[2]);
    assert!(matches!(lost, Err(RecordError::File { .. })), "{lost:?}");
    assert!(!folder.records().exists());
}
