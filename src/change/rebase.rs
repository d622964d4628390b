//! The same layers on another base, as `crane rebase` does it, and what does not fit.
//!
//! The configuration is merged three ways: what the image has from its old base becomes what the new base has; what the
//! image set itself stays.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::ChangeError;
use super::work::{Work, reopen};
use crate::image::{Image, MergedTree, Watch};
use crate::layer::tree::clean;
use crate::oci::Platform;

/// From one base to another.
pub struct Rebase {
    /// The image that the layers stand on now.
    pub from: Rc<Image>,
    /// The image that they shall stand on.
    pub onto: Rc<Image>,
}

/// A path of the image's own layers that stands over something which the new base has otherwise than the old.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct RebaseConflict {
    /// The path from the root.
    pub path: String,
    /// What happened to it below.
    pub reason: ConflictReason,
}

/// What differs below a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum ConflictReason {
    /// The new base has other content, kind, mode or owner there.
    Changed,
    /// The new base has it and the old had not.
    Added,
    /// The old base had it and the new has not.
    Removed,
}

/// The image of a base that is for the platform of the work. One that stands alone is taken for any.
async fn chosen(
    image: &Rc<Image>,
    platform: Option<&Platform>,
    which: &'static str,
    watch: &dyn Watch,
) -> Result<(Rc<Image>, usize), ChangeError> {
    let contents = crate::image::export::contents(image, watch).await?;
    let whole = reopen(&contents, image.limits, watch).await?;
    let found: Vec<usize> = whole.images().map(|(at, _)| at).collect();
    let at = match found.as_slice() {
        [only] => Some(*only),
        _ => whole.pick(None, platform),
    };
    let missing = || ChangeError::BasePlatform { which, platform: platform.map(Platform::label).unwrap_or_default() };
    let at = at.ok_or_else(missing)?;
    Ok((whole, at))
}

/// Puts the layers of an image on another base.
pub async fn rebase(work: &mut Work, rebase: &Rebase, watch: &dyn Watch) -> Result<Vec<RebaseConflict>, ChangeError> {
    let platform = work.platform.clone();
    let (from, from_at) = chosen(&rebase.from, platform.as_ref(), "old", watch).await?;
    let (onto, onto_at) = chosen(&rebase.onto, platform.as_ref(), "new", watch).await?;
    let mut old = Work::open(&from, from_at).await?;
    let mut new = Work::open(&onto, onto_at).await?;
    for (number, layer) in old.layers.iter().enumerate() {
        if work.layers.get(number).is_none_or(|own| own.diff_id != layer.diff_id) {
            return Err(ChangeError::NotItsBase { image: work.digest.to_string(), layer: number + 1 });
        }
    }
    let height = old.layers.len();
    let conflicts = conflicts(work, height, (&from, from_at), (&onto, onto_at), watch).await?;

    let mut steps = Vec::new();
    work.edit_history(|history| steps = std::mem::take(history));
    let mut below = Vec::new();
    old.edit_history(|history| below = std::mem::take(history));
    let mut history = Vec::new();
    new.edit_history(|list| history = std::mem::take(list));
    // The base's steps are at the front, unless the image's history was rewritten: then those that made its layers.
    let skip = match steps.starts_with(&below) {
        true => below.len(),
        false => {
            let mut left = height;
            let made = |step: &Value| step.get("empty_layer") != Some(&Value::Bool(true));
            steps
                .iter()
                .take_while(|step| {
                    let more = left > 0;
                    left -= usize::from(more && made(step));
                    more
                })
                .count()
        }
    };
    history.extend(steps.into_iter().skip(skip));
    let own = work.layers.split_off(height.min(work.layers.len()));
    work.layers = new.layers.iter().cloned().chain(own).collect();
    let merged = merge(object(&old.config, "config"), object(&new.config, "config"), object(&work.config, "config"));
    work.config.insert("config".to_owned(), Value::Object(merged));
    for key in ["os.version", "os.features"] {
        match new.config.get(key) {
            Some(value) => work.config.insert(key.to_owned(), value.clone()),
            None => work.config.remove(key),
        };
    }
    work.edit_history(|list| *list = history);
    Ok(conflicts)
}

fn object(config: &Map<String, Value>, key: &str) -> Map<String, Value> {
    config.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Three ways: what `own` has from `old` becomes that of `new`.
fn merge(old: Map<String, Value>, new: Map<String, Value>, own: Map<String, Value>) -> Map<String, Value> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).chain(own.keys()).collect();
    let mut out = Map::new();
    for key in keys {
        let value = match (old.get(key), new.get(key), own.get(key)) {
            (was, now, has) if was == has => now.cloned(),
            (was, now, Some(Value::Object(has))) => {
                let side = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
                Some(Value::Object(merge(side(was), side(now), has.clone())))
            }
            (was, now, Some(Value::Array(has))) if key == "Env" => Some(environment(was, now, has)),
            (_, _, has) => has.cloned(),
        };
        if let Some(value) = value {
            out.insert(key.clone(), value);
        }
    }
    out
}

/// Environments merge by name, in the order of the new base, then of the image.
fn environment(old: Option<&Value>, new: Option<&Value>, own: &[Value]) -> Value {
    let named = |list: &[Value]| -> BTreeMap<String, Value> {
        let name = |entry: &Value| entry.as_str().and_then(|text| text.split('=').next()).map(str::to_owned);
        list.iter().filter_map(|entry| Some((name(entry)?, entry.clone()))).collect()
    };
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (old_list, new_list) = (list(old), list(new));
    let (old, new, mine) = (named(&old_list), named(&new_list), named(own));
    let mut out = Vec::new();
    let mut done = BTreeSet::new();
    for entry in new_list.iter().chain(own) {
        let Some(name) = entry.as_str().and_then(|text| text.split('=').next()) else { continue };
        if !done.insert(name.to_owned()) {
            continue;
        }
        let (was, now, has) = (old.get(name), new.get(name), mine.get(name));
        out.extend(if was == has { now } else { has }.cloned());
    }
    json!(out)
}

/// Paths of the image's own layers below which the bases differ.
async fn conflicts(
    work: &Work,
    height: usize,
    old: (&Rc<Image>, usize),
    new: (&Rc<Image>, usize),
    watch: &dyn Watch,
) -> Result<Vec<RebaseConflict>, ChangeError> {
    let all = Some(u64::MAX);
    let before = old.0.tree(old.1, all, watch).await?;
    let after = new.0.tree(new.1, all, watch).await?;
    let base = work.image(watch).await?;
    let mut paths = BTreeSet::new();
    for number in height..work.layers.len() {
        let layer = base.image.layer(base.manifest, number, None, watch).await?;
        for member in layer.index.iter() {
            let mut path = clean(member.path);
            if let Some(last) = path.last_mut()
                && let Some(name) = last.strip_prefix(b".wh.")
            {
                *last = name;
            } else if member.kind == crate::archive::tar::EntryKind::Dir {
                // A directory adds to what is below it; only what is in it can hide something.
                continue;
            }
            paths.insert(path.join(&b'/'));
        }
    }
    let mut found = Vec::new();
    for path in paths {
        let reason = match (facts(&before, &path), facts(&after, &path)) {
            (a, b) if a == b => continue,
            (Some(_), Some(_)) => ConflictReason::Changed,
            (None, _) => ConflictReason::Added,
            (Some(_), None) => ConflictReason::Removed,
        };
        found.push(RebaseConflict { path: String::from_utf8_lossy(&path).into_owned(), reason });
    }
    Ok(found)
}

type Facts = (&'static str, u32, i64, i64, u64, Vec<u8>, Option<[u8; 32]>);

/// What matters about a name of a tree, times apart.
fn facts(tree: &MergedTree, path: &[u8]) -> Option<Facts> {
    let name = tree.tree.lookup(path)?;
    let node = tree.tree.node(name.node);
    let about = &node.attributes;
    let layer = tree.layers.get(node.source.layer as usize).and_then(Option::as_ref);
    let member = layer.and_then(|layer| layer.index.get(node.source.entry as usize));
    let sha256 = member.filter(|_| !node.implicit).and_then(|member| member.sha256.copied());
    Some((about.kind.name(), about.mode, about.uid, about.gid, about.size, about.link.to_vec(), sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_merge_three_ways() {
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        let old =
            json!({ "Env": ["PATH=/bin", "V=1", "GONE=1"], "Cmd": ["sh"], "Labels": { "base": "1" }, "User": "a" });
        let new = json!({ "Env": ["PATH=/usr/bin", "V=2", "NEW=1"], "Cmd": ["bash"], "Labels": { "base": "2" }, "Shell": ["x"] });
        let own = json!({ "Env": ["PATH=/bin", "V=9", "GONE=1", "APP=1"], "Cmd": ["sh"], "Labels": { "base": "1", "app": "1" }, "User": "b" });
        assert_eq!(
            Value::Object(merge(map(old), map(new), map(own))),
            json!({
                "Env": ["PATH=/usr/bin", "V=9", "NEW=1", "APP=1"], "Cmd": ["bash"],
                "Labels": { "base": "2", "app": "1" }, "User": "b", "Shell": ["x"]
            })
        );
    }
}
