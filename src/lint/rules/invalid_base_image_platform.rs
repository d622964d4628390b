use super::prelude::*;
use crate::plan::platform::Platform;

rule! {
    /// The base image is for another platform than the one asked for.
    ///
    /// Known only where the image's configuration is given.
    ///
    /// ```json
    /// {"arm": {"os": "linux", "architecture": "arm64", "rootfs": {"diff_ids": ["sha256:0"]}}, "x86": {"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": ["sha256:0"]}}}
    /// ```
    ///
    /// ```dockerfile
    /// FROM arm
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM x86
    /// ```
    "InvalidBaseImagePlatform", "base-image-platform", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let scopes = cx.scopes();
    for ((stage, scope), parent) in cx.stages.iter().zip(&scopes.froms).zip(&scopes.parents) {
        let (Some(inst), Some(config), None) = (cx.from_of(stage), &scope.config, parent) else { continue };
        let wanted = match &scope.platform {
            Some(platform) => match Platform::parse(&platform.value, &scopes.target) {
                Ok(platform) => platform,
                Err(_) => continue,
            },
            None => scopes.target.clone(),
        };
        let is = |key: &str, want: &str| config[key].as_str().is_none_or(|v| v.is_empty() || v == want);
        let layers = config["rootfs"]["diff_ids"].as_array().is_none_or(|l| !l.is_empty());
        if layers && !(is("os", &wanted.os) && is("architecture", &wanted.architecture)) {
            let has =
                format!("{}/{}", config["os"].as_str().unwrap_or(""), config["architecture"].as_str().unwrap_or(""));
            out.report(inst, inst.node.keyword.span, format!("the base image is for {has}, not for {wanted}"));
        }
    }
}
