//! The page and the files behind its figures hold the records, and any parser can read them.

use std::fs;

use serde_json::json;
use twirl_compare::RunSet;
use twirl_report::{all_tables, html, markdown, readme, terminal};

use crate::synthetic::{FACTORS, Law, STEPS, manifest, two_arms, write};

/// Checks that every tag is closed by its own name and that no bare `&` or `<` is left.
/// Returns names and attributes of all elements.
fn parse(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let body = page
        .strip_prefix("<!DOCTYPE html>")
        .expect("a document type");
    let mut open: Vec<String> = Vec::new();
    let mut elements = Vec::new();
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        references(&rest[..start]);
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop().as_deref(),
                Some(name),
                "closed in order; before: {rest:.200}"
            );
            continue;
        }
        let closed = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let (name, mut attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        let mut found = Vec::new();
        attributes = attributes.trim();
        while !attributes.is_empty() {
            let (key, tail) = attributes.split_once("=\"").expect("key=\"value\"");
            let (value, tail) = tail.split_once('"').expect("a closed value");
            references(value);
            found.push((key.trim().to_owned(), value.to_owned()));
            attributes = tail.trim();
        }
        elements.push((name.to_owned(), found));
        if !closed {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    elements
}

fn references(text: &str) {
    for tail in text.split('&').skip(1) {
        let name = tail.split_once(';').map_or("", |pair| pair.0);
        assert!(
            ["amp", "lt", "gt", "quot"].contains(&name) || name.starts_with('#'),
            "&{tail:.20}"
        );
    }
}

fn attribute<'a>(attributes: &'a [(String, String)], key: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|pair| pair.0 == key)
        .map(|pair| pair.1.as_str())
}

#[test]
fn the_page_is_well_formed_and_needs_no_network() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let mut odd = manifest("<script>alert(\"1\")</script>&'\u{1}", 0, "failed");
    odd["job"]["arm_config"] = json!({ "text": "]]></script><b>" });
    let folder = dir.path().join("force-field/odd/seed-0");
    fs::create_dir_all(&folder).expect("writable");
    fs::write(folder.join("manifest.json"), odd.to_string()).expect("writable");
    fs::create_dir_all(dir.path().join("force-field/painn/seed-9")).expect("writable");
    let page = html(&RunSet::read(dir.path()).expect("readable"));
    let elements = parse(&page);
    assert_eq!(
        elements
            .iter()
            .filter(|element| element.0 == "script")
            .count(),
        1
    );
    for (name, attributes) in &elements {
        for (key, value) in attributes {
            let link = ["href", "src", "action", "data", "srcset"].contains(&key.as_str());
            assert!(
                !link || value.starts_with('#') || value.starts_with("data:"),
                "{name} {key}"
            );
            assert!(!key.starts_with("on"), "{name} {key}");
        }
    }
    assert!(!page.contains("url(") && !page.contains("@import"));
    assert!(page.contains("seed-9: manifest.json is missing"));
    let figures = page.replace("loss is NaN", "");
    assert!(
        !figures.contains("NaN") && !figures.contains(">inf"),
        "no value is printed as NaN"
    );
    let images = elements
        .iter()
        .filter(|e| e.0 == "svg" && attribute(&e.1, "role") == Some("img"));
    assert_eq!(
        images.count(),
        7,
        "percent, loss twice, spectrum, twirl, two arms"
    );
}

/// Points of the figure whose identity begins with `name`, sorted.
fn points(page: &str, name: &str) -> Vec<(f64, f64)> {
    let mut inside = false;
    let mut drawn: Vec<(f64, f64)> = Vec::new();
    for (element, attributes) in parse(page) {
        if element == "svg" {
            let labels = attribute(&attributes, "aria-labelledby");
            inside = labels.is_some_and(|labels| labels.starts_with(name));
        }
        let number = |key| attribute(&attributes, key).and_then(|text| text.parse().ok());
        if let (true, Some(x), Some(y)) = (inside, number("data-x"), number("data-y")) {
            drawn.push((x, y));
        }
    }
    sorted(drawn)
}

fn sorted(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points
}

#[test]
fn figures_hold_exactly_the_points_of_the_records() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let page = html(&RunSet::read(dir.path()).expect("readable"));
    let [mut percent, mut loss, mut spectrum, mut twirl] = [const { Vec::new() }; 4];
    for law in [Law::PLAIN, Law::EXACT] {
        for factor in FACTORS {
            let records = law.records(factor);
            for record in &records {
                percent.push((record.step as f64, record.split.percent_equiv));
                loss.push((record.device_seconds, record.split.loss));
            }
            let last = records.last().expect("records");
            let powers = last.terms["force"].spectrum.iter().enumerate().skip(1);
            spectrum.extend(powers.map(|(degree, power)| (degree as f64, *power)));
            let split = &last.split;
            twirl.extend(
                [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
                    .map(|count| (count, split.loss_mean + split.loss_equiv / count)),
            );
        }
    }
    for (name, expected) in [
        ("percent-", percent),
        ("loss-", loss),
        ("spectrum-", spectrum),
        ("twirl-", twirl),
    ] {
        assert!(!expected.is_empty());
        assert_eq!(points(&page, name), sorted(expected), "{name}");
    }
}

#[test]
fn what_is_measured_at_the_end_has_its_tables_and_pictures() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let mut finished = manifest("neighbour-attention-unaugmented", 0, "ok");
    let figure = |value: f64| json!({ "value": value, "low": 0.9, "high": 1.1, "unit": "A" });
    finished["control_of"] = json!("neighbour-attention");
    finished["closing"] = json!({
        "figures": { "rmsd": figure(1.0) },
        "baselines": { "random geometry": { "rmsd": figure(2.5), "strain": figure(7.25) } },
    });
    let mut records = Law::PLAIN.records(1.0);
    let last = records.last_mut().expect("records");
    (last.split.percent_low, last.split.percent_high) = (None, None);
    let companion = json!({
        "companion": { "design": { "kind": "group", "group": "tetrahedral" }, "symmetry": "o3" },
        "rotations": 24,
        "terms": last.terms,
        "loss": 1.0, "loss_mean": 0.5, "loss_equiv": 0.5, "percent_equiv": 50.0,
        "percent_low": null, "percent_high": null, "floor": 1e-11,
    });
    let companion = serde_json::from_value(companion).expect("a companion");
    last.companions.insert("inversion".into(), companion);
    write(dir.path(), &finished, &records);
    let panel = json!({ "name": "first", "height": 1, "width": 2, "values": [0.0, 1.0] });
    let pictures = json!([{ "title": "densities", "caption": "in e/A3.", "panels": [panel] }]);
    let folder = dir
        .path()
        .join("force-field/neighbour-attention-unaugmented/seed-0");
    fs::write(folder.join("pictures.json"), pictures.to_string()).expect("writable");
    let set = RunSet::read(dir.path()).expect("readable");
    let page = html(&set);
    parse(&page);
    for expected in [
        "no interval (40 molecules)",
        "random geometry",
        "7.250 <span class=\"i\">(0.900 to 1.10)</span>",
        "24 tetrahedral group, with inversions",
        "Controls: variants of an arm",
        "data:image/png;base64,iVBORw0KGgo",
        "in e/A3. Colours from 0 (dark) to 1.00 (bright)",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    for expected in ["random geometry", "with inversions", "unaugmented"] {
        assert!(terminal(&set).contains(expected), "{expected}");
        assert!(markdown(&set).contains(expected), "{expected}");
    }
    // The second overflows any product.
    for (height, width) in [("1", "3"), ("9223372036854775808", "2")] {
        let text = pictures
            .to_string()
            .replace("\"width\":2", &format!("\"width\":{width}"));
        let text = text.replace("\"height\":1", &format!("\"height\":{height}"));
        fs::write(folder.join("pictures.json"), text).expect("writable");
        let broken = RunSet::read(dir.path()).expect("readable").broken;
        let reason = format!("panel first has 2 values for {height} x {width}");
        assert!(broken[0].reason.contains(&reason), "{}", broken[0].reason);
    }
}

#[test]
fn files_have_a_head_and_equal_rows() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let mut strange = manifest("a,\"b\"", 0, "ok");
    strange["device"]["float"] = json!("f64");
    write(dir.path(), &strange, &Law::PLAIN.records(1.0));
    let files = all_tables(&RunSet::read(dir.path()).expect("readable"));
    assert_eq!(files.len(), 14);
    for file in &files {
        let text = file.csv();
        let mut lines = text.split("\r\n");
        // Columns, with commas inside quotes taken out.
        let columns = |line: &str| {
            line.split('"')
                .step_by(2)
                .map(|part| part.matches(',').count())
                .sum::<usize>()
                + 1
        };
        let head = columns(lines.next().expect("a head"));
        for line in lines.filter(|line| !line.is_empty()) {
            assert_eq!(columns(line), head, "{}: {line}", file.name);
        }
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
    let percent = files
        .iter()
        .find(|file| file.name == "force-field-percent-steps");
    let rows = percent.expect("present").csv().lines().count();
    assert_eq!(rows, 1 + 7 * STEPS.len());
    let versus = files
        .iter()
        .find(|file| file.name == "force-field-versus")
        .expect("present");
    assert!(
        versus.csv().contains("float type is f64 and f32"),
        "{}",
        versus.csv()
    );
}

/// A small percentage of a model that predicts next to nothing is no success, and the text says so.
#[test]
fn a_model_near_the_zero_prediction_is_said_to_have_learned_little() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let mut set = RunSet::read(dir.path()).expect("readable");
    let text = |set: &RunSet| readme(set, "name", "figures").markdown;
    // The plain arm ends at a mean loss of 1.484, of 20 and of 2.
    let learned = text(&set);
    assert!(!learned.contains("learned little"), "{learned}");
    assert!(
        learned.contains("| of zero |") && learned.contains("0.0742 |"),
        "{learned}"
    );
    for run in set.tasks[0].arms.iter_mut().flat_map(|arm| &mut arm.runs) {
        for record in &mut run.records {
            record.loss_zero = Some(2.0);
        }
    }
    let little = text(&set);
    assert!(
        little.contains("Its loss is 0.742 times that of predicting zero: it has learned little"),
        "{little}"
    );
    // Records from before the figure was kept say nothing about it.
    for run in set.tasks[0].arms.iter_mut().flat_map(|arm| &mut arm.runs) {
        for record in &mut run.records {
            record.loss_zero = None;
        }
    }
    let unknown = text(&set);
    assert!(unknown.contains("Nothing says whether an arm has learned"));
    assert!(!unknown.contains("times that of predicting zero"));
}
