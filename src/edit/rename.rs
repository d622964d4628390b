//! New names for stages and variables.

use thiserror::Error;

use super::Document;
use super::references::{Reference, Thing, Written, references_to, thing_at};
use super::variables::{is_name, is_reserved};
use crate::dockerfile::{parse, valid_stage_name};
use crate::lint::rule::Edit;
use crate::text::Span;

/// Something that can be given another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renameable {
    /// Where its name stands: the place that was asked about.
    pub span: Span,
    /// The name it has.
    pub name: String,
}

/// Why something cannot be renamed, or not so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs)] // the messages say it
pub enum RenameError {
    #[error(
        "there is no stage or variable here that the file names: put the cursor on the name of a stage, an ARG or an ENV"
    )]
    Nothing,
    #[error(
        "{0:?} is no name for a stage: begin with a letter and use letters, digits, `-`, `_` and `.`; `scratch` and `context` mean something else"
    )]
    StageName(String),
    #[error("{0:?} is no name for a variable: begin with a letter or `_` and use letters, digits and `_`")]
    VariableName(String),
    #[error("{0} is taken: choose a name that the file does not use")]
    Taken(String),
    #[error("{0} is not the file's own: BuildKit or the base image sets it, and would not know the new name")]
    Foreign(String),
    #[error("{0} is also named by the value of a variable, in {1:?}: name the stage there first")]
    Indirect(String, String),
    #[error("{0} would mean something else with the name {1}: choose another one")]
    Meaning(String, String),
}

impl RenameError {
    /// The error's stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "EDIT_RENAME_NOTHING",
            Self::StageName(_) | Self::VariableName(_) => "EDIT_RENAME_INVALID",
            Self::Taken(_) => "EDIT_RENAME_TAKEN",
            Self::Foreign(_) => "EDIT_RENAME_FOREIGN",
            Self::Indirect(..) => "EDIT_RENAME_INDIRECT",
            Self::Meaning(..) => "EDIT_RENAME_MEANING",
        }
    }
}

/// What would be renamed at an offset; `None` where [`rename`] would refuse every name.
pub fn prepare_rename(document: &Document<'_>, offset: u32) -> Option<Renameable> {
    let (thing, reference) = thing_at(document, offset)?;
    let name = renameable(document, &thing).ok()?;
    (reference.written != Written::Value).then_some(Renameable { span: reference.span, name })
}

/// The edits that give the stage or variable at an offset a new name, in the order of the text.
///
/// They change every place that names it and nothing else, and the build stays the same but for the name. `FROM` gets it in
/// lower case, since BuildKit would look for an image otherwise.
///
/// # Errors
/// Where nothing can be renamed, the name is not allowed or taken, or what is built would change.
pub fn rename(document: &Document<'_>, offset: u32, new_name: &str) -> Result<Vec<Edit>, RenameError> {
    let (thing, reference) = thing_at(document, offset).ok_or(RenameError::Nothing)?;
    let name = renameable(document, &thing)?;
    let places = references_to(document, &thing);
    allowed(document, &thing, &name, new_name)?;
    if let Some(value) = places.iter().find(|r| r.written == Written::Value) {
        return Err(RenameError::Indirect(name, document.text(value.span).to_owned()));
    }
    let text = |r: &Reference| match r.written {
        Written::Name => Some(new_name.to_owned()),
        Written::Base => Some(new_name.to_lowercase()),
        Written::Number | Written::Value => None,
    };
    let edits: Vec<Edit> = places.iter().filter_map(|r| text(r).map(|text| Edit { span: r.span, text })).collect();
    if edits.iter().any(|e| document.text(e.span).is_empty()) {
        return Err(RenameError::Nothing);
    }
    let renamed = applied(document, &edits);
    if !is_same(&renamed, &places, &edits, reference, new_name) {
        return Err(RenameError::Meaning(name, new_name.to_owned()));
    }
    Ok(edits)
}

/// The name of a thing that the file itself names.
fn renameable(document: &Document<'_>, thing: &Thing) -> Result<String, RenameError> {
    match thing {
        Thing::Stage(stage) => {
            let name = document.cx.stages.get(*stage).and_then(|s| s.name).filter(|n| !n.is_empty());
            name.map(str::to_owned).ok_or(RenameError::Nothing)
        }
        Thing::Variable { sites, resolved, at } => {
            let here = resolved.get(*at).ok_or(RenameError::Nothing)?;
            let name = sites.get(here.site).map(|s| s.name.clone()).unwrap_or_default();
            let Some(group) = here.group else { return Err(RenameError::Nothing) };
            let stage_of =
                |r: &super::variables::Resolved| sites.get(r.site).and_then(|s| document.inst(s.inst)?.stage);
            // Read in one of its stages before the file sets it: then the base image sets it too.
            let mine: Vec<_> = resolved.iter().filter(|r| r.group == Some(group)).map(stage_of).collect();
            let inherited = resolved.iter().any(|r| {
                r.group.is_none()
                    && sites.get(r.site).is_some_and(|s| s.kind == super::variables::SiteKind::Use)
                    && stage_of(r).is_some_and(|s| mine.contains(&Some(s)))
            });
            if is_reserved(&name) || inherited {
                return Err(RenameError::Foreign(name));
            }
            Ok(name)
        }
    }
}

fn allowed(document: &Document<'_>, thing: &Thing, old: &str, new: &str) -> Result<(), RenameError> {
    match thing {
        Thing::Stage(_) => {
            let lower = new.to_lowercase();
            if !valid_stage_name(&lower) || lower == "scratch" || lower == "context" {
                return Err(RenameError::StageName(new.to_owned()));
            }
            let other = !old.eq_ignore_ascii_case(new) && document.graph().names.contains_key(&lower);
            if other { Err(RenameError::Taken(new.to_owned())) } else { Ok(()) }
        }
        Thing::Variable { sites, .. } => {
            if !is_name(new) {
                return Err(RenameError::VariableName(new.to_owned()));
            }
            let used = new != old && sites.iter().any(|s| s.name == new);
            if used || is_reserved(new) { Err(RenameError::Taken(new.to_owned())) } else { Ok(()) }
        }
    }
}

/// The text with the edits made.
fn applied(document: &Document<'_>, edits: &[Edit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(document.source.len() + 64);
    let mut at = 0;
    for edit in edits {
        out.extend_from_slice(document.source.get(at..edit.span.start as usize).unwrap_or(&[]));
        out.extend_from_slice(edit.text.as_bytes());
        at = edit.span.end as usize;
    }
    out.extend_from_slice(document.source.get(at..).unwrap_or(&[]));
    out
}

/// Whether the places named before are those named after.
fn is_same(renamed: &[u8], places: &[Reference], edits: &[Edit], asked: Reference, new_name: &str) -> bool {
    let file = parse(renamed);
    let document = Document::new(renamed, &file);
    let mut moved = 0i64;
    let mut edits = edits.iter().peekable();
    let mut want = Vec::with_capacity(places.len());
    let mut asked_at = None;
    for place in places {
        let start = i64::from(place.span.start) + moved;
        let mut end = i64::from(place.span.end) + moved;
        if edits.next_if(|e| e.span == place.span).is_some() {
            moved += new_name.len() as i64 - place.span.len() as i64;
            end = start + new_name.len() as i64;
        }
        let span = Span::new(usize::try_from(start).unwrap_or(0), usize::try_from(end).unwrap_or(0));
        if place.span == asked.span {
            asked_at = Some(span.start);
        }
        want.push((span, place.definition));
    }
    let Some((thing, _)) = asked_at.and_then(|at| thing_at(&document, at)) else { return false };
    references_to(&document, &thing).iter().map(|r| (r.span, r.definition)).eq(want)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(marked: &str, new: &str) -> Result<String, &'static str> {
        let at = marked.find('^').unwrap() as u32;
        let text = marked.replacen('^', "", 1);
        let file = parse(text.as_bytes());
        let document = Document::new(text.as_bytes(), &file);
        let edits = rename(&document, at, new).map_err(|e| e.code())?;
        assert!(prepare_rename(&document, at).is_some());
        Ok(String::from_utf8(applied(&document, &edits)).unwrap())
    }

    #[test]
    fn every_place_that_names_a_stage_is_changed() {
        let text = "FROM a AS ^build\nFROM Build AS x\nCOPY --from=build /build /build\nRUN --mount=type=cache,target=/b,from=build x\nCOPY --from=0 a b\n";
        assert_eq!(
            renamed(text, "Make").unwrap(),
            "FROM a AS Make\nFROM make AS x\nCOPY --from=Make /build /build\nRUN --mount=type=cache,target=/b,from=Make x\nCOPY --from=0 a b\n"
        );
        assert_eq!(renamed("FROM a AS b\nCOPY --from=^0 x y\n", "c").unwrap(), "FROM a AS c\nCOPY --from=0 x y\n");
    }

    #[test]
    fn every_place_that_names_a_variable_is_changed() {
        assert_eq!(
            renamed("ARG ^V=1\nFROM a:$V\nARG V\nRUN x ${V:-2}$V '$V'\nENV W=\"$V\"\n", "VERSION").unwrap(),
            "ARG VERSION=1\nFROM a:$VERSION\nARG VERSION\nRUN x ${VERSION:-2}$VERSION '$V'\nENV W=\"$VERSION\"\n"
        );
    }

    #[test]
    fn what_cannot_be_renamed_is_refused_with_a_reason() {
        for (text, name, code) in [
            ("FROM ^a\n", "b", "EDIT_RENAME_NOTHING"),
            ("FROM a AS ^b\n", "1", "EDIT_RENAME_INVALID"),
            ("FROM a AS ^b\n", "scratch", "EDIT_RENAME_INVALID"),
            ("FROM a AS ^b\nFROM a AS c\n", "C", "EDIT_RENAME_TAKEN"),
            ("FROM a AS ^b\nFROM alpine\n", "alpine", "EDIT_RENAME_MEANING"),
            ("ARG X=b\nFROM a AS ^b\nFROM $X\n", "c", "EDIT_RENAME_INDIRECT"),
            ("FROM a\nARG ^X\n", "a-b", "EDIT_RENAME_INVALID"),
            ("FROM a\nARG ^X\nENV Y=1\n", "Y", "EDIT_RENAME_TAKEN"),
            ("FROM a\nARG ^X\n", "TARGETARCH", "EDIT_RENAME_TAKEN"),
            ("FROM a\nARG ^TARGETARCH\n", "X", "EDIT_RENAME_FOREIGN"),
            ("ARG ^SOURCE_DATE_EPOCH=1\nFROM a\n", "X", "EDIT_RENAME_FOREIGN"),
            ("FROM a\nENV ^X=/a:$X\n", "Y", "EDIT_RENAME_FOREIGN"),
            ("FROM a\nRUN echo $^X\n", "Y", "EDIT_RENAME_NOTHING"),
        ] {
            assert_eq!(renamed(text, name), Err(code), "{text}");
        }
    }
}
