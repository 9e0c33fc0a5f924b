//! Tables of a README that name a claim and the set-ups on which it was judged.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use twirl_report::significant;

const BEGIN: &str = "<!-- claims: ";
const END: &str = "<!-- end of claims -->";

/// Rewrites every part between `<!-- claims: NAME NAME -->` and `<!-- end of claims -->`: a table with a row
/// for each arm that the study `dynamics` of those results judged. `results` is the folder of them all.
pub(crate) fn rewrite(text: &str, results: &Path) -> Result<String> {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (names, inside) = after
            .split_once(" -->\n")
            .with_context(|| format!("no end of the line {BEGIN}"))?;
        let (_, after) = inside
            .split_once(END)
            .with_context(|| format!("no line {END} after {BEGIN}{names} -->"))?;
        let table = table(names, results)?;
        done += &format!("{before}{BEGIN}{names} -->\n\n{table}\n{END}");
        rest = after;
    }
    Ok(done + rest)
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
    loss_of_zero: f64,
    loss_equiv_of_zero: f64,
    molecules: usize,
    parameters: f64,
}

fn table(names: &str, results: &Path) -> Result<String> {
    let mut lines = vec![
        "| set-up | arm | parameters | device | step | percent | 95 % interval | L / L0 | L_equiv / L0 | seeds | \
         molecules | verdict |"
            .to_owned(),
        "| --- | --- | --: | --- | --: | --: | --: | --: | --: | --: | --: | --- |".to_owned(),
    ];
    for name in names.split_whitespace() {
        let folder = results.join(name).join("dynamics");
        let place = |file: &str| format!("{}", folder.join(file).display());
        let text = fs::read_to_string(folder.join("manifest.json"))
            .with_context(|| place("manifest.json"))?;
        let manifest: Value =
            serde_json::from_str(&text).with_context(|| place("manifest.json"))?;
        let device = manifest["device"]["hardware"].as_str().unwrap_or("unknown");
        let mut reader =
            csv::Reader::from_path(folder.join("arms.csv")).with_context(|| place("arms.csv"))?;
        for row in reader.deserialize() {
            let row: Row = row.with_context(|| place("arms.csv"))?;
            let own = format!("{}/{}", row.task, row.arm);
            let findings = manifest["findings"].as_array();
            let finding = findings
                .into_iter()
                .flatten()
                .find(|one| one["place"] == *own);
            let Some(finding) = finding else {
                bail!("{}: no finding for {own}", place("manifest.json"));
            };
            let why: Vec<&str> = finding["forbidden"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|why| why.split([':', ',']).next().unwrap_or(why))
                .collect();
            let verdict = finding["verdict"].as_str().unwrap_or("unknown");
            let why = if why.is_empty() {
                String::new()
            } else {
                format!(": {}", why.join(", "))
            };
            let range = match (row.percent_low, row.percent_high) {
                (Some(low), Some(high)) => {
                    format!("{} to {}", significant(low, 3), significant(high, 3))
                }
                _ => "-".into(),
            };
            let set_up = manifest["suite"].as_str().unwrap_or(name);
            lines.push(format!(
                "| [{set_up}](results/{name}/dynamics/table.md) | {own} | {} | {device} | {} | {} | {range} | {} | {} | {} | {} \
                 | {verdict}{why} |",
                significant(row.parameters, 3),
                row.step,
                significant(row.percent, 3),
                significant(row.loss_of_zero, 3),
                significant(row.loss_equiv_of_zero, 3),
                row.seeds,
                row.molecules,
            ));
        }
    }
    Ok(lines.join("\n") + "\n")
}
