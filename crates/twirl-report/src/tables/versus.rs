//! Arms that learn symmetry against those that have it built in.

use twirl_compare::{AtEqualFlops, Pair, Versus};

use crate::number::TERA;
use crate::table::{Columns, Table};
use crate::words;

/// What a comparison says, where there is one.
fn of<T>(pick: impl Fn(&Versus) -> T) -> impl Fn(&Pair) -> Result<T, String> {
    move |pair| pair.versus.as_ref().map(&pick).map_err(ToString::to_string)
}

/// What it says at equal operations, where these are counted.
fn at_flops<T>(pick: impl Fn(&Versus, &AtEqualFlops) -> T) -> impl Fn(&Pair) -> Result<T, String> {
    move |pair| {
        let versus = pair.versus.as_ref().map_err(ToString::to_string)?;
        let equal = versus.at_equal_flops.as_ref();
        Ok(pick(versus, equal.map_err(ToString::to_string)?))
    }
}

/// Equal device time and equal loss, then equal operations. People see the pairs that can be compared.
#[rustfmt::skip] // A column is a line.
pub(crate) fn versus(pairs: &[Pair]) -> Table {
    let notes = of(|v| words::beside(v, &v.caveats).ok_or(words::NOTHING));
    let notes_there = at_flops(|v, at| words::beside(v, &at.caveats).ok_or(words::NOTHING));
    let refusal = |pair: &Pair| pair.versus.as_ref().err().map(ToString::to_string).ok_or("compared");
    let title = "Loss at equal device time, device time to equal loss, break-even speed-up";
    let mut columns = Columns::new("versus", title, pairs);
    columns.leave_out_empty();
    columns.label("arm", |pair| &pair.plain);
    columns.label("against", |pair| &pair.exact);
    columns.real(("at device s", "at_device_seconds"), of(|v| v.seconds)).unit("s");
    columns.estimate("ratio", of(|v| v.ratio));
    columns.text("verdict", of(|v| words::better(v.verdict, v)));
    columns.text("notes", notes);
    columns.real("loss", of(|v| v.plain_loss)).digits(4);
    columns.real(("its loss", "against_loss"), of(|v| v.exact_loss)).digits(4);
    columns.reach(("s to its final loss", "to_final_loss"), "to_final_loss_seconds", of(|v| v.to_target)).unit("s");
    columns.reach(("it took s", "against_to_final_loss"), "against_seconds", of(|v| v.exact_to_target)).unit("s");
    columns.reach(("break-even", "break_even"), "break_even_factor", of(|v| v.break_even));
    columns.estimate(("L_equiv %", "equiv_percent"), of(|v| v.equiv_share)).value_only().unit("%");

    columns.part("Loss at equal operations of the models (matrix products and convolutions)");
    columns.real(("at TFLOP", "at_model_flops"), at_flops(|_, at| at.flops)).shown_per(TERA).unit("FLOP");
    columns.estimate(("ratio", "ratio_at_flops"), at_flops(|_, at| at.ratio));
    columns.text(("verdict", "verdict_at_flops"), at_flops(|v, at| words::better(at.verdict, v)));
    columns.text(("notes", "notes_at_flops"), notes_there);

    columns.unseen();
    columns.integer("seeds", of(|v| v.seeds[0]));
    columns.integer("against_seeds", of(|v| v.seeds[1]));
    columns.real("against_final_loss", of(|v| v.target));
    columns.flag("seeds_only", of(|v| v.caveats.seeds_only));
    columns.integer("failed", of(|v| v.caveats.failed[0]));
    columns.integer("against_failed", of(|v| v.caveats.failed[1]));
    columns.flag("mid_anneal", of(|v| v.caveats.mid_anneal[0]));
    columns.flag("against_mid_anneal", of(|v| v.caveats.mid_anneal[1]));
    columns.flag("rate_at_edge", of(|v| v.caveats.rate_at_edge[0]));
    columns.flag("against_rate_at_edge", of(|v| v.caveats.rate_at_edge[1]));
    columns.flag("short_search", of(|v| v.caveats.short_search[0]));
    columns.flag("against_short_search", of(|v| v.caveats.short_search[1]));
    columns.flag("contended", of(|v| v.caveats.contended[0]));
    columns.flag("against_contended", of(|v| v.caveats.contended[1]));
    columns.text("refusal", refusal);
    columns.table()
}
