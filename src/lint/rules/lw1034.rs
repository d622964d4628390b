use super::prelude::*;

rule! {
    /// Conda's downloads stay in the layer.
    ///
    /// Its package cache is often larger than what is installed.
    ///
    /// ```dockerfile
    /// FROM continuumio/miniconda3:24.1.2-0
    /// RUN conda install -y numpy=1.26
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM continuumio/miniconda3:24.1.2-0
    /// RUN conda install -y numpy=1.26 && conda clean -afy
    /// ```
    "LW1034", "conda-cache-left", Info, Size, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const CONDA: [&str; 3] = ["conda", "mamba", "micromamba"];
    for (inst, run) in cx.runs() {
        let cleans =
            run.commands.iter().any(|c| c.runs(&CONDA, &["clean"])) || removes(cx, run, &[], "/opt/conda/pkgs");
        if cleans || cached(inst, |t| t.ends_with("/pkgs")) {
            continue;
        }
        if let Some(c) = run.commands.iter().find(|c| c.runs(&CONDA, &["install", "create", "update"])) {
            out.report(inst, c.span, "the packages that this downloads stay in the layer")
                .help("end the RUN in `conda clean -afy`");
        }
    }
}
