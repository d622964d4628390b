use super::prelude::*;
use crate::plan::reference;

rule! {
    /// Without build arguments a `FROM` names no valid image.
    ///
    /// ```dockerfile
    /// ARG TAG
    /// FROM debian:${TAG}
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// ARG TAG=12
    /// FROM debian:${TAG}
    /// ```
    "InvalidDefaultArgInFrom", "invalid-default-base", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (stage, scope) in cx.stages.iter().zip(&cx.scopes().froms) {
        let Some(image) = &scope.default_image else { return };
        let (Some(inst), Instruction::From(from)) = (cx.from_of(stage), &cx.instructions[stage.from].read) else {
            continue;
        };
        if image.is_empty() || reference::normalize(image).is_err() {
            let message = if image.is_empty() {
                "without build arguments this names no image".to_owned()
            } else {
                format!("without build arguments this is `{image}`, which is no image")
            };
            out.report(inst, from.image.span, message).help("give the ARG a default");
        }
    }
}
