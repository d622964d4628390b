use super::dl3012::repeated;
use super::prelude::*;

rule! {
    /// More than one `ENTRYPOINT` in a stage.
    ///
    /// Only the last one counts.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENTRYPOINT ["a"]
    /// ENTRYPOINT ["b"]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENTRYPOINT ["b"]
    /// ```
    "DL4004", "repeated-entrypoint", Error, ErrorProne, [HADOLINT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    repeated(cx, out, |i| matches!(i, Instruction::Entrypoint(_)), "a second ENTRYPOINT takes the place of the first");
}
