use super::dl3012::repeated;
use super::prelude::*;

rule! {
    /// More than one `CMD` in a stage.
    ///
    /// Only the last one counts.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["a"]
    /// CMD ["b"]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["b"]
    /// ```
    "DL4003", "repeated-cmd", Warning, ErrorProne, [HADOLINT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    repeated(cx, out, |i| matches!(i, Instruction::Cmd(_)), "a second CMD takes the place of the first");
}
