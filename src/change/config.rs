//! Changes of the configuration: what a runtime reads.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ChangeError;
use crate::oci::HealthCheck;

/// What to change of the configuration (config.md). What is left out stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConfigChanges {
    /// Fields to empty before anything is set: `env`, `labels`, `entrypoint`, `cmd`, `exposedPorts`, `volumes`, `user`,
    /// `workingDir`, `stopSignal`, `healthcheck`, `shell`, `onBuild`, `history`, `author`, `created`.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub clear: Vec<String>,
    /// Environment variables; `null` removes one.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, string | null>"))]
    pub env: BTreeMap<String, Option<String>>,
    /// Labels; `null` removes one.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, string | null>"))]
    pub labels: BTreeMap<String, Option<String>>,
    /// User or uid, with an optional group.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub user: Option<String>,
    /// The working directory.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub working_dir: Option<String>,
    /// The command's fixed part.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub entrypoint: Option<Vec<String>>,
    /// The command, or its default arguments.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub cmd: Option<Vec<String>>,
    /// Ports as `8080/tcp`; `false` removes one.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, boolean>"))]
    pub exposed_ports: BTreeMap<String, bool>,
    /// Places for volumes; `false` removes one.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, boolean>"))]
    pub volumes: BTreeMap<String, bool>,
    /// The signal that asks it to stop.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub stop_signal: Option<String>,
    /// How to tell that it works (Docker): `Test`, and `Interval` and the others in nanoseconds.
    #[cfg_attr(
        feature = "js",
        tsify(
            optional,
            type = "{ Test?: string[]; Interval?: number; Timeout?: number; StartPeriod?: number; StartInterval?: number; Retries?: number }"
        )
    )]
    pub healthcheck: Option<HealthCheck>,
    /// The shell of the shell form (Docker).
    #[cfg_attr(feature = "js", tsify(optional))]
    pub shell: Option<Vec<String>>,
    /// Who made it.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub author: Option<String>,
    /// When it was made, RFC 3339.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub created: Option<String>,
}

/// The names of `clear`, and whether each is a field of the inner `config`.
const FIELDS: [(&str, &str, bool); 15] = [
    ("env", "Env", true),
    ("labels", "Labels", true),
    ("entrypoint", "Entrypoint", true),
    ("cmd", "Cmd", true),
    ("exposedPorts", "ExposedPorts", true),
    ("volumes", "Volumes", true),
    ("user", "User", true),
    ("workingDir", "WorkingDir", true),
    ("stopSignal", "StopSignal", true),
    ("healthcheck", "Healthcheck", true),
    ("shell", "Shell", true),
    ("onBuild", "OnBuild", true),
    ("history", "history", false),
    ("author", "author", false),
    ("created", "created", false),
];

impl ConfigChanges {
    /// Changes a configuration document.
    ///
    /// # Errors
    /// [`ChangeError::Config`]: a name that cannot be one.
    pub fn apply(&self, document: &mut Map<String, Value>) -> Result<(), ChangeError> {
        for name in &self.clear {
            let Some((_, key, inner)) = FIELDS.iter().find(|(own, ..)| own == name) else {
                let all: Vec<&str> = FIELDS.iter().map(|(own, ..)| *own).collect();
                let message = format!("there is no field `{name}`; there are {}", all.join(", "));
                return Err(ChangeError::Config { field: "clear", message });
            };
            let from =
                if *inner { document.get_mut("config").and_then(Value::as_object_mut) } else { Some(&mut *document) };
            if let Some(from) = from {
                from.remove(*key);
            }
        }
        let mut set = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                document.insert(key.to_owned(), json!(value));
            }
        };
        set("author", &self.author);
        if let Some(created) = &self.created
            && !crate::image::is_rfc3339(created)
        {
            let message = format!("`{created}` is no date and time as RFC 3339 writes them: 2026-01-31T12:00:00Z");
            return Err(ChangeError::Config { field: "created", message });
        }
        set("created", &self.created);
        let mut inner = match document.get("config") {
            Some(Value::Object(inner)) => inner.clone(),
            _ => Map::new(),
        };
        let before = inner.clone();
        self.environment(&mut inner)?;
        let mut labels: BTreeMap<String, String> =
            inner.get("Labels").and_then(|labels| serde_json::from_value(labels.clone()).ok()).unwrap_or_default();
        merge(&mut labels, &self.labels);
        if !self.labels.is_empty() {
            put(&mut inner, "Labels", (!labels.is_empty()).then(|| json!(labels)));
        }
        for (key, changes) in [("ExposedPorts", &self.exposed_ports), ("Volumes", &self.volumes)] {
            let mut set = inner.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
            for (name, wanted) in changes {
                if key == "ExposedPorts" && *wanted && !is_port(name) {
                    let message = format!("`{name}` is no port: 8080, 8080/tcp or 53/udp");
                    return Err(ChangeError::Config { field: "exposedPorts", message });
                }
                if *wanted {
                    set.entry(name.clone()).or_insert_with(|| json!({}));
                } else {
                    set.remove(name);
                }
            }
            if !changes.is_empty() {
                put(&mut inner, key, (!set.is_empty()).then_some(Value::Object(set)));
            }
        }
        for (key, value) in [("User", &self.user), ("WorkingDir", &self.working_dir), ("StopSignal", &self.stop_signal)]
        {
            if let Some(value) = value {
                put(&mut inner, key, (!value.is_empty()).then(|| json!(value)));
            }
        }
        for (key, value) in [("Entrypoint", &self.entrypoint), ("Cmd", &self.cmd), ("Shell", &self.shell)] {
            if let Some(value) = value {
                put(&mut inner, key, (!value.is_empty()).then(|| json!(value)));
            }
        }
        if let Some(check) = &self.healthcheck {
            put(&mut inner, "Healthcheck", Some(json!(check)));
        }
        if inner != before {
            document.insert("config".to_owned(), Value::Object(inner));
        }
        Ok(())
    }

    fn environment(&self, inner: &mut Map<String, Value>) -> Result<(), ChangeError> {
        if self.env.is_empty() {
            return Ok(());
        }
        let mut list: Vec<String> = inner
            .get("Env")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(|entry| Some(entry.as_str()?.to_owned())).collect())
            .unwrap_or_default();
        for (name, value) in &self.env {
            if name.is_empty() || name.contains(['=', '\0']) {
                let message = format!("`{name}` is no name of a variable");
                return Err(ChangeError::Config { field: "env", message });
            }
            let own = |entry: &String| entry.split('=').next() == Some(name);
            match value {
                Some(value) => match list.iter_mut().find(|entry| own(entry)) {
                    Some(entry) => *entry = format!("{name}={value}"),
                    None => list.push(format!("{name}={value}")),
                },
                None => list.retain(|entry| !own(entry)),
            }
        }
        put(inner, "Env", (!list.is_empty()).then(|| json!(list)));
        Ok(())
    }
}

/// Sets or removes a field.
fn put(map: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            map.insert(key.to_owned(), value);
        }
        None => {
            map.remove(key);
        }
    }
}

/// Sets what has a value and removes what has none.
pub(super) fn merge(into: &mut BTreeMap<String, String>, changes: &BTreeMap<String, Option<String>>) {
    for (name, value) in changes {
        match value {
            Some(value) => {
                into.insert(name.clone(), value.clone());
            }
            None => {
                into.remove(name);
            }
        }
    }
}

/// `8080`, `8080/tcp`, `8000-8010/udp`.
fn is_port(text: &str) -> bool {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let number = |text: &str| text.parse::<u16>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit());
    ports.split('-').all(number) && ports.split('-').count() <= 2 && ["tcp", "udp", "sctp"].contains(&protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_removes_and_clears() {
        let mut document = json!({
            "os": "linux",
            "config": { "Env": ["A=1", "B=2"], "Labels": { "x": "1" }, "Cmd": ["sh"], "Healthcheck": {}, "Odd": 1 }
        });
        let changes: ConfigChanges = serde_json::from_value(json!({
            "clear": ["healthcheck"],
            "env": { "A": "9", "B": null, "C": "3" },
            "labels": { "x": null },
            "user": "app",
            "entrypoint": ["/app"],
            "cmd": [],
            "exposedPorts": { "80/tcp": true },
            "volumes": { "/data": true }
        }))
        .unwrap();
        changes.apply(document.as_object_mut().unwrap()).unwrap();
        assert_eq!(
            document,
            json!({
                "os": "linux",
                "config": {
                    "Env": ["A=9", "C=3"], "Odd": 1, "User": "app", "Entrypoint": ["/app"],
                    "ExposedPorts": { "80/tcp": {} }, "Volumes": { "/data": {} }
                }
            })
        );
    }

    #[test]
    fn says_what_is_wrong() {
        for (field, changes) in [
            ("clear", json!({ "clear": ["enviroment"] })),
            ("env", json!({ "env": { "A=B": "1" } })),
            ("exposedPorts", json!({ "exposedPorts": { "http": true } })),
            ("created", json!({ "created": "yesterday" })),
        ] {
            let changes: ConfigChanges = serde_json::from_value(changes).unwrap();
            match changes.apply(&mut Map::new()) {
                Err(ChangeError::Config { field: found, .. }) => assert_eq!(found, field),
                other => panic!("{field}: {other:?}"),
            }
        }
    }

    #[test]
    fn nothing_asked_nothing_changed() {
        let mut document = json!({ "config": null, "os": "linux" });
        let before = document.clone();
        ConfigChanges::default().apply(document.as_object_mut().unwrap()).unwrap();
        assert_eq!(document, before);
    }
}
