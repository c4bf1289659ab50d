//! Compiles `locales/*.ftl` into typed Rust functions, so that no Fluent runtime is shipped to the browser and a
//! message that is missing in one language, or takes other values there, stops the build.
//!
//! `sales-count = { $count -> [one] One sale *[other] { $count } sales }` becomes
//! `Words::sales_count(self, count: impl Into<u64>) -> String`. A variable that a plural selects on is a number,
//! every other one is text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use fluent_syntax::ast::{
    Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey,
};
use fluent_syntax::parser;

/// File name and the variant of `Lang` it speaks.
const LANGUAGES: [(&str, &str); 2] = [("en", "En"), ("sw", "Sw")];
const NUMBERS: [&str; 2] = ["count", "left"];
const PLURALS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

type Messages = BTreeMap<String, Pattern<String>>;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
}

/// Variables in the order of their names.
type Variables = BTreeMap<String, Kind>;

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=build.rs");

    let mut problems = Vec::new();
    let languages: Vec<Messages> = LANGUAGES
        .iter()
        .map(|(name, _)| {
            read(
                &Path::new(&root).join(format!("locales/{name}.ftl")),
                &mut problems,
            )
        })
        .collect();
    let code = generate(&languages, &mut problems);
    for problem in &problems {
        println!("cargo::error={problem}");
    }
    fs::write(Path::new(&out).join("words.rs"), code).expect("OUT_DIR is writable");
}

fn read(path: &Path, problems: &mut Vec<String>) -> Messages {
    let file = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(format!("{file}: {error}"));
            return Messages::new();
        }
    };
    let resource = match parser::parse(text) {
        Ok(resource) => resource,
        Err((resource, errors)) => {
            problems.extend(
                errors
                    .iter()
                    .map(|error| format!("{file}: {error} at {:?}", error.pos)),
            );
            resource
        }
    };
    let mut messages = Messages::new();
    for entry in resource.body {
        match entry {
            Entry::Message(message) => {
                let id = message.id.name;
                let Some(pattern) = message.value else {
                    problems.push(format!("{file}: {id} has no text"));
                    continue;
                };
                if messages.insert(id.clone(), pattern).is_some() {
                    problems.push(format!("{file}: {id} stands there twice"));
                }
            }
            Entry::Term(term) => {
                problems.push(format!("{file}: terms are not supported: {}", term.id.name))
            }
            Entry::Junk { content } => problems.push(format!("{file}: cannot be read: {content}")),
            _ => {}
        }
    }
    messages
}

fn generate(languages: &[Messages], problems: &mut Vec<String>) -> String {
    let mut code = String::from("impl Words {\n");
    let mut ids: Vec<&String> = languages.iter().flat_map(Messages::keys).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let mut variables = Variables::new();
        let mut per_language = Vec::new();
        for (messages, (name, _)) in languages.iter().zip(LANGUAGES) {
            let Some(pattern) = messages.get(id) else {
                problems.push(format!("locales/{name}.ftl: {id} is missing"));
                continue;
            };
            let mut own = Variables::new();
            collect(
                pattern,
                &mut own,
                &format!("locales/{name}.ftl: {id}"),
                problems,
            );
            per_language.push(own.keys().cloned().collect::<Vec<_>>());
            for (variable, kind) in own {
                let known = variables.entry(variable).or_insert(kind);
                if kind == Kind::Number {
                    *known = kind;
                }
            }
        }
        if per_language.windows(2).any(|pair| pair[0] != pair[1]) {
            problems.push(format!(
                "locales: {id} takes different values in the languages: {per_language:?}"
            ));
        }
        if per_language.len() == languages.len() {
            function(&mut code, id, languages, &variables);
        }
    }
    code.push_str("}\n");
    code
}

/// Finds the variables of a pattern and what it does with them.
fn collect(
    pattern: &Pattern<String>,
    into: &mut Variables,
    place: &str,
    problems: &mut Vec<String>,
) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else {
            continue;
        };
        match expression {
            Expression::Inline(InlineExpression::VariableReference { id }) => {
                let kind = if NUMBERS.contains(&id.name.as_str()) {
                    Kind::Number
                } else {
                    Kind::Text
                };
                into.entry(id.name.clone()).or_insert(kind);
            }
            Expression::Inline(InlineExpression::StringLiteral { .. }) => {}
            Expression::Inline(_) => problems.push(format!(
                "{place} uses something other than a variable or a text"
            )),
            Expression::Select {
                selector: InlineExpression::VariableReference { id },
                variants,
            } => {
                let is_plural = variants.iter().all(|variant| match &variant.key {
                    VariantKey::Identifier { name } => PLURALS.contains(&name.as_str()),
                    VariantKey::NumberLiteral { .. } => true,
                });
                if is_plural {
                    into.insert(id.name.clone(), Kind::Number);
                } else {
                    into.entry(id.name.clone()).or_insert(Kind::Text);
                }
                for variant in variants {
                    collect(&variant.value, into, place, problems);
                }
            }
            Expression::Select { .. } => problems.push(format!(
                "{place} selects on something other than a variable"
            )),
        }
    }
}

fn function(code: &mut String, id: &str, languages: &[Messages], variables: &Variables) {
    let name = id.replace('-', "_");
    let mut arguments = String::from("self");
    for (variable, kind) in variables {
        let kind = match kind {
            Kind::Text => "&str",
            Kind::Number => "impl Into<u64>",
        };
        let _ = write!(arguments, ", {}: {kind}", variable.replace('-', "_"));
    }
    let result = if variables.is_empty() {
        "&'static str"
    } else {
        "String"
    };
    let _ = writeln!(code, "    pub fn {name}({arguments}) -> {result} {{");
    for (variable, kind) in variables {
        if *kind == Kind::Number {
            let variable = variable.replace('-', "_");
            let _ = writeln!(code, "        let {variable}: u64 = {variable}.into();");
        }
    }
    let open = if variables.is_empty() {
        ""
    } else {
        "let mut out = String::new();\n        "
    };
    let _ = writeln!(code, "        {open}match self.0 {{");
    for (messages, (_, lang)) in languages.iter().zip(LANGUAGES) {
        let pattern = &messages[id];
        let body = if variables.is_empty() {
            format!("{:?}", constant(pattern))
        } else {
            let mut body = String::from("{ ");
            write_pattern(&mut body, pattern, variables);
            body + "}"
        };
        let _ = writeln!(code, "            Lang::{lang} => {body},");
    }
    let close = if variables.is_empty() {
        ""
    } else {
        "\n        out"
    };
    let _ = writeln!(code, "        }}{close}\n    }}");
}

fn constant(pattern: &Pattern<String>) -> String {
    let text = |element: &PatternElement<String>| match element {
        PatternElement::TextElement { value } => value.clone(),
        PatternElement::Placeable {
            expression: Expression::Inline(InlineExpression::StringLiteral { value }),
        } => value.clone(),
        PatternElement::Placeable { .. } => String::new(),
    };
    pattern.elements.iter().map(text).collect()
}

fn write_pattern(body: &mut String, pattern: &Pattern<String>, variables: &Variables) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value }
            | PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::StringLiteral { value }),
            } => {
                let mut letters = value.chars();
                let _ = match (letters.next(), letters.next()) {
                    (Some(only), None) => write!(body, "out.push({only:?}); "),
                    _ => write!(body, "out.push_str({value:?}); "),
                };
            }
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::VariableReference { id }),
            } => {
                let variable = id.name.replace('-', "_");
                let _ = match variables[&id.name] {
                    Kind::Text => write!(body, "out.push_str({variable}); "),
                    Kind::Number => write!(body, "out.push_str(&grouped({variable})); "),
                };
            }
            PatternElement::Placeable {
                expression:
                    Expression::Select {
                        selector: InlineExpression::VariableReference { id },
                        variants,
                    },
            } => {
                let _ = write!(body, "match {} {{ ", id.name.replace('-', "_"));
                let (default, others): (Vec<_>, Vec<_>) =
                    variants.iter().partition(|variant| variant.default);
                for variant in others {
                    let _ = match (&variant.key, variables[&id.name]) {
                        // Both languages have the same rule: one is 1, everything else is other.
                        (VariantKey::Identifier { name }, Kind::Number) if name == "one" => {
                            write!(body, "1 => {{ ")
                        }
                        (VariantKey::Identifier { .. }, Kind::Number) => continue,
                        (VariantKey::Identifier { name }, Kind::Text) => {
                            write!(body, "{name:?} => {{ ")
                        }
                        (VariantKey::NumberLiteral { value }, _) => write!(body, "{value} => {{ "),
                    };
                    write_pattern(body, &variant.value, variables);
                    body.push_str("} ");
                }
                body.push_str("_ => { ");
                for variant in default {
                    write_pattern(body, &variant.value, variables);
                }
                body.push_str("} } ");
            }
            PatternElement::Placeable { .. } => {}
        }
    }
}
