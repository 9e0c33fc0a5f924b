//! Which keys hold the energy and the forces of one method.

/// Keys of an energy that stand for no particular method.
const ENERGY: [&str; 5] = [
    "energy",
    "total_energy",
    "potential_energy",
    "tot_energy",
    "e",
];
const FORCES: [&str; 2] = ["forces", "force"];
/// Methods whose keys are taken also where the other label is missing.
const METHODS: [&str; 2] = ["ref", "dft"];

/// The method that a key of an energy belongs to: `""` where it names none, `ref` for `REF_energy`
/// or `energy_ref`; `None` for other keys.
fn method_of_energy(key: &str) -> Option<String> {
    let key = key.to_ascii_lowercase();
    if ENERGY.contains(&key.as_str()) {
        return Some(String::new());
    }
    let tag = key
        .strip_suffix("_energy")
        .or(key.strip_prefix("energy_"))?;
    Some(tag.to_owned())
}

/// Likewise of forces.
fn method_of_forces(key: &str) -> Option<String> {
    let key = key.to_ascii_lowercase();
    if FORCES.contains(&key.as_str()) {
        return Some(String::new());
    }
    let ends = ["_forces", "_force"];
    let starts = ["forces_", "force_"];
    let tag = ends.iter().find_map(|end| key.strip_suffix(end));
    let tag = tag.or_else(|| starts.iter().find_map(|start| key.strip_prefix(start)));
    tag.map(ToOwned::to_owned)
}

/// Whether a column of this name can only be forces.
pub(super) fn names_forces(key: &str) -> bool {
    method_of_forces(key)
        .is_some_and(|method| method.is_empty() || METHODS.contains(&method.as_str()))
}

/// Keys that were chosen, as written; a comment may have neither.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) energy: Option<String>,
    pub(super) forces: Option<String>,
}

/// Chooses among the keys of a comment and the names of the columns, or says what is in the way.
///
/// Energy and forces of one method belong together; keys of an unknown method count only as such a
/// pair. Where that leaves several methods, an option must choose.
pub(super) fn choose(
    energies: &[String],
    forces: &[String],
    asked: (Option<&str>, Option<&str>),
) -> Result<Chosen, String> {
    let tagged = |keys: &[String], method: fn(&str) -> Option<String>| -> Vec<(String, String)> {
        let pair = |key: &String| Some((method(key)?, key.clone()));
        keys.iter().filter_map(pair).collect()
    };
    let all_energies = tagged(energies, method_of_energy);
    let all_forces = tagged(forces, method_of_forces);
    let known = |method: &str| method.is_empty() || METHODS.contains(&method);
    let has = |list: &[(String, String)], method: &str| list.iter().any(|(m, _)| m == method);
    let keep = |list: &[(String, String)], other: &[(String, String)]| -> Vec<(String, String)> {
        let kept = list.iter().filter(|(m, _)| known(m) || has(other, m));
        kept.cloned().collect()
    };
    let mut energies_left = keep(&all_energies, &all_forces);
    let mut forces_left = keep(&all_forces, &all_energies);
    let find = |keys: &[String], key: &str| {
        let exact = keys.iter().find(|known| *known == key);
        let any = || keys.iter().find(|known| known.eq_ignore_ascii_case(key));
        exact.or_else(any).cloned()
    };
    // What is asked for stands; of the other label the same method is preferred.
    let mut method = None;
    if let Some(key) = asked.0 {
        method = method_of_energy(key);
        energies_left = find(energies, key)
            .into_iter()
            .map(|key| (String::new(), key))
            .collect();
    }
    if let Some(key) = asked.1 {
        method = method.or(method_of_forces(key));
        forces_left = find(forces, key)
            .into_iter()
            .map(|key| (String::new(), key))
            .collect();
    }
    if asked == (None, None) {
        let mut pairs: Vec<&String> = energies_left
            .iter()
            .map(|(m, _)| m)
            .filter(|m| has(&forces_left, m))
            .collect();
        pairs.dedup();
        if let [one] = pairs[..] {
            method = Some(one.clone());
        }
    }
    if let Some(method) = method {
        if asked.0.is_none() && has(&energies_left, &method) {
            energies_left.retain(|(m, _)| *m == method);
        }
        if asked.1.is_none() && has(&forces_left, &method) {
            forces_left.retain(|(m, _)| *m == method);
        }
    }
    let apart = asked == (None, None)
        && energies_left.len() == 1
        && forces_left.len() == 1
        && energies_left[0].0 != forces_left[0].0;
    if energies_left.len() > 1 || forces_left.len() > 1 || apart {
        let list = |list: &[(String, String)]| {
            let keys: Vec<&str> = list.iter().map(|(_, key)| key.as_str()).collect();
            keys.join(" ")
        };
        return Err(format!(
            "energies under {} and forces under {} may be of several methods",
            list(&energies_left),
            list(&forces_left)
        ));
    }
    Ok(Chosen {
        energy: energies_left.pop().map(|(_, key)| key),
        forces: forces_left.pop().map(|(_, key)| key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(energies: &[&str], forces: &[&str]) -> Result<(String, String), String> {
        asked(energies, forces, (None, None))
    }

    fn asked(
        energies: &[&str],
        forces: &[&str],
        keys: (Option<&str>, Option<&str>),
    ) -> Result<(String, String), String> {
        let owned = |keys: &[&str]| -> Vec<String> { keys.iter().map(|&k| k.into()).collect() };
        let chosen = choose(&owned(energies), &owned(forces), keys)?;
        let text = |key: Option<String>| key.unwrap_or_default();
        Ok((text(chosen.energy), text(chosen.forces)))
    }

    #[test]
    fn labels_of_one_method_belong_together() {
        let ok = |energy: &str, forces: &str| Ok((energy.to_owned(), forces.to_owned()));
        assert_eq!(chosen(&["energy"], &["forces"]), ok("energy", "forces"));
        assert_eq!(chosen(&["dft_energy"], &[]), ok("dft_energy", ""));
        let mace = chosen(&["energy", "REF_energy"], &["REF_forces"]);
        assert_eq!(mace, ok("REF_energy", "REF_forces"));
        let tagged = chosen(&["energy_xtb"], &["forces_xtb", "momenta"]);
        assert_eq!(tagged, ok("energy_xtb", "forces_xtb"));
        let alone = chosen(&["energy", "kinetic_energy", "free_energy"], &["forces"]);
        assert_eq!(alone, ok("energy", "forces"));
        assert_eq!(chosen(&["kinetic_energy"], &["momenta"]), ok("", ""));
    }

    #[test]
    fn rivals_are_refused_and_an_option_chooses() {
        let two = (&["energy", "REF_energy"], &["forces", "REF_forces"]);
        assert!(chosen(two.0, two.1).is_err(), "two pairs");
        assert!(chosen(two.0, &[]).is_err(), "two energies");
        assert!(
            chosen(&["energy"], &["REF_forces"]).is_err(),
            "of two methods"
        );
        assert!(chosen(&["energy", "total_energy"], &["forces"]).is_err());
        let ok = |energy: &str, forces: &str| Ok((energy.to_owned(), forces.to_owned()));
        let by_energy = asked(two.0, two.1, (Some("ref_energy"), None));
        assert_eq!(by_energy, ok("REF_energy", "REF_forces"));
        let by_forces = asked(two.0, two.1, (None, Some("forces")));
        assert_eq!(by_forces, ok("energy", "forces"));
        let both = asked(two.0, &["my"], (Some("energy"), Some("my")));
        assert_eq!(both, ok("energy", "my"));
        let gone = asked(two.0, two.1, (Some("absent"), Some("forces")));
        assert_eq!(gone, ok("", "forces"));
    }
}
