//! Tables of a Markdown file that are made from committed results: set-ups on which a claim was judged, arms in
//! several sizes at equal cost, and what steps cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use twirl_compare::StudyFinding;
use twirl_report::{range, significant};

type MakeTable = fn(&str, &Path) -> Result<String>;

/// What the tables are called in a mark.
const TABLES: [(&str, MakeTable); 4] = [
    ("claims", claims),
    ("envelopes", envelopes),
    ("findings", findings),
    ("steps", steps),
];

/// Rewrites every part between `<!-- claims: NAME NAME -->` and `<!-- end of claims -->`, a table with a row
/// for each arm that the study `dynamics` of those results judged. Likewise `envelopes: NAME NAME`, what the
/// study `per-hour` found of ladders of sizes at the largest common cost, `findings: NAME/STUDY NAME/STUDY`, what those
/// studies found, and `steps: NAME/FILE`, the measured steps in a file of lines. `results` is the folder of them all.
pub(crate) fn rewrite(text: &str, results: &Path) -> Result<String> {
    let mut text = text.to_owned();
    for (kind, table) in TABLES {
        let (begin, end) = (format!("<!-- {kind}: "), format!("<!-- end of {kind} -->"));
        let (mut done, mut rest) = (String::new(), text.as_str());
        while let Some((before, after)) = rest.split_once(&begin) {
            let (names, inside) = after
                .split_once(" -->\n")
                .with_context(|| format!("no end of the line {begin}"))?;
            let (_, after) = inside
                .split_once(&end)
                .with_context(|| format!("no line {end} after {begin}{names} -->"))?;
            let table = table(names, results)?;
            done.extend([before, &begin, names, " -->\n\n", &table, "\n", &end]);
            rest = after;
        }
        text = done + rest;
    }
    Ok(text)
}

/// A measured step, as far as it is shown.
#[derive(Deserialize)]
struct Step {
    task: String,
    arm: String,
    size: Option<String>,
    batch: usize,
    error: Option<String>,
    #[serde(flatten)]
    cost: Option<Cost>,
}

#[derive(Deserialize)]
struct Cost {
    parameters: f64,
    flops: f64,
    seconds: f64,
    product_rate: f64,
    single_seconds: f64,
    sample_seconds: f64,
    peak_bytes: Option<f64>,
    device_bytes: Option<f64>,
    device: String,
}

/// Steps of every arm and size, in the order in which they were measured.
fn steps(name: &str, results: &Path) -> Result<String> {
    let path = results.join(name);
    let place = || format!("{}", path.display());
    let text = fs::read_to_string(&path).with_context(place)?;
    let (mut rows, mut device, mut rates) = (Vec::new(), String::new(), Vec::new());
    for line in text.lines() {
        let step: Step = serde_json::from_str(line).with_context(place)?;
        let size = step.size.unwrap_or_default();
        let head = format!("| {}/{} | {size} | {} |", step.task, step.arm, step.batch);
        let Some(cost) = step.cost else {
            let why = step.error.unwrap_or_else(|| "not measured".into());
            rows.push(format!("{head} | | | | {why} | | |"));
            continue;
        };
        let rate = cost.flops / cost.seconds;
        let gib = cost.device_bytes.or(cost.peak_bytes).unwrap_or(f64::NAN) / f64::from(1 << 30);
        rows.push(format!(
            "{head} {} | {} | {} | {} | {} | {} | {} |",
            significant(cost.parameters / 1e6, 3),
            significant(1e3 * cost.seconds, 3),
            significant(rate / 1e12, 3),
            significant(100.0 * rate / cost.product_rate, 3),
            significant(gib, 3),
            significant(1e3 * cost.single_seconds, 3),
            significant(1.0 / cost.sample_seconds, 3),
        ));
        device = cost.device;
        rates.push(cost.product_rate / 1e12);
    }
    rates.sort_by(f64::total_cmp);
    let product = match rates[..] {
        [] => bail!("{}: no step was measured", place()),
        [least, .., most] if most > 1.1 * least => range(Some([least, most]), 3),
        [.., most] => significant(most, 3),
    };
    Ok(format!(
        "Measured on {device}; a large product there, beside each step: {product} TFLOP/s.\n\n\
         | arm | size | batch | million parameters | ms a step | TFLOP/s | % of a product | GiB | ms for one molecule \
         | molecules a second |\n\
         | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n{}\n",
        rows.join("\n")
    ))
}

/// A row of `envelopes.csv`, as far as it is shown.
#[derive(Deserialize)]
struct Envelope {
    task: String,
    augmented: String,
    equivariant: String,
    cost: String,
    ratio: f64,
    ratio_low: Option<f64>,
    ratio_high: Option<f64>,
}

/// A row for each pair of arms of those results, a column for each cost; of several shares of a cost the first,
/// which is the largest.
fn envelopes(names: &str, results: &Path) -> Result<String> {
    let mut costs: Vec<String> = Vec::new();
    let mut pairs: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    for name in names.split_whitespace() {
        let path = results.join(name).join("per-hour").join("envelopes.csv");
        let place = || format!("{}", path.display());
        for row in csv::Reader::from_path(&path)
            .with_context(place)?
            .deserialize()
        {
            let row: Envelope = row.with_context(place)?;
            let pair = format!("| {}/{} | {}", row.task, row.augmented, row.equivariant);
            if pairs.last().is_none_or(|(last, _)| *last != pair) {
                pairs.push((pair, BTreeMap::new()));
            }
            if !costs.contains(&row.cost) {
                costs.push(row.cost.clone());
            }
            if let Some((_, cells)) = pairs.last_mut() {
                cells
                    .entry(row.cost)
                    .or_insert(ranged(row.ratio, row.ratio_low, row.ratio_high));
            }
        }
    }
    let mut table = format!(
        "| augmented | equivariant | at equal {} |\n| --- | --- |{}\n",
        costs.join(" | at equal "),
        " --: |".repeat(costs.len())
    );
    for (pair, cells) in pairs {
        let missing = || "-".to_owned();
        let cells = costs.iter().map(|cost| cells.get(cost).cloned());
        let cells: Vec<String> = cells.map(|cell| cell.unwrap_or_else(missing)).collect();
        let _ = writeln!(table, "{pair} | {} |", cells.join(" | "));
    }
    Ok(table)
}

/// What a study found, as far as it is shown.
#[derive(Deserialize)]
struct Found {
    study: String,
    suite: String,
    device: Value,
    findings: Vec<StudyFinding>,
}

impl Found {
    /// Reads what is said of a study in its folder.
    fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("manifest.json");
        let place = || format!("{}", path.display());
        let text = fs::read_to_string(&path).with_context(place)?;
        serde_json::from_str(&text).with_context(place)
    }
}

/// The verdict with the reasons for none, of each what comes before its numbers.
fn verdict(finding: &StudyFinding) -> String {
    let short = |why: &String| {
        let number = |at: &usize| {
            let after = why[at + 1..].trim_start();
            after.starts_with(|first: char| first.is_ascii_digit())
        };
        let mut ends = why.match_indices([':', ',']).map(|(at, _)| at);
        why[..ends.find(number).unwrap_or(why.len())].to_owned()
    };
    let why: Vec<String> = finding.forbidden.iter().map(short).collect();
    if why.is_empty() {
        finding.verdict.clone()
    } else {
        format!("{}: {}", finding.verdict, why.join(", "))
    }
}

/// A row for each finding of the studies `NAME/STUDY`.
fn findings(names: &str, results: &Path) -> Result<String> {
    let mut table = "| study | of | found | verdict |\n| --- | --- | --- | --- |\n".to_owned();
    for name in names.split_whitespace() {
        let found = Found::read(&results.join(name))?;
        let study = format!(
            "[{}, {}](results/{name}/table.md)",
            found.study, found.suite
        );
        for finding in &found.findings {
            let StudyFinding { place, figures, .. } = finding;
            let _ = writeln!(
                table,
                "| {study} | {place} | {figures} | {} |",
                verdict(finding)
            );
        }
    }
    Ok(table)
}

/// A figure with its interval.
fn ranged(figure: f64, low: Option<f64>, high: Option<f64>) -> String {
    let interval = low.zip(high).map(Into::into);
    format!("{} ({})", significant(figure, 3), range(interval, 3))
}

/// A row of `arms.csv`, as far as it is shown.
#[derive(Deserialize)]
struct Row {
    task: String,
    arm: String,
    seeds: usize,
    step: u64,
    percent: f64,
    percent_low: Option<f64>,
    percent_high: Option<f64>,
    percent_of_squared: f64,
    percent_of_squared_low: Option<f64>,
    percent_of_squared_high: Option<f64>,
    loss_of_zero: f64,
    loss_equiv_of_zero: f64,
    molecules: usize,
    parameters: f64,
}

fn claims(names: &str, results: &Path) -> Result<String> {
    let mut lines = vec![
        "| set-up | arm | million parameters | device | step | percent (95 % interval) | of squared | L / L0 | L_equiv / L0 \
         | seeds | molecules | verdict |"
            .to_owned(),
        "| --- | --- | --: | --- | --: | --: | --: | --: | --: | --: | --: | --- |".to_owned(),
    ];
    for name in names.split_whitespace() {
        let folder = results.join(name).join("dynamics");
        let place = |file: &str| format!("{}", folder.join(file).display());
        let found = Found::read(&folder)?;
        let device = found.device["hardware"].as_str().unwrap_or("unknown");
        let mut reader =
            csv::Reader::from_path(folder.join("arms.csv")).with_context(|| place("arms.csv"))?;
        for row in reader.deserialize() {
            let row: Row = row.with_context(|| place("arms.csv"))?;
            let own = format!("{}/{}", row.task, row.arm);
            let Some(finding) = found.findings.iter().find(|one| one.place == own) else {
                bail!("{}: no finding for {own}", place("manifest.json"));
            };
            lines.push(format!(
                "| [{}](results/{name}/dynamics/table.md) | {own} | {} | {device} | {} | {} | {} | {} | {} | {} | {} | {} |",
                found.suite,
                significant(row.parameters / 1e6, 3),
                row.step,
                ranged(row.percent, row.percent_low, row.percent_high),
                ranged(row.percent_of_squared, row.percent_of_squared_low, row.percent_of_squared_high),
                significant(row.loss_of_zero, 3),
                significant(row.loss_equiv_of_zero, 3),
                row.seeds,
                row.molecules,
                verdict(finding),
            ));
        }
    }
    Ok(lines.join("\n") + "\n")
}
