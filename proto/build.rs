//! Compiles the protobuf files without `protoc`, and keeps the whole descriptor set, options included: reflection
//! serves it, and the access classes are read from it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message as _;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=alongside");
    let mut files = Vec::new();
    find_protos(Path::new("alongside"), &mut files)?;
    files.sort();
    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptors.bin"), &encoded)?;
    let files = prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    fs::write(out.join("texts.rs"), texts(&files))?;
    tonic_prost_build::configure().compile_fds(files)?;
    Ok(())
}

/// Implements `Texts` for every message of the API: each of its texts, and those of the messages in it.
fn texts(files: &prost_types::FileDescriptorSet) -> String {
    let mut out = String::new();
    for file in &files.file {
        let package = file.package().strip_prefix("alongside.").and_then(|package| package.strip_suffix(".v1"));
        let Some(package) = package.filter(|package| *package != "events") else { continue };
        for message in &file.message_type {
            let fields: String = message.field.iter().map(|field| visit(package, message, field)).collect();
            out += &format!(
                "impl Texts for crate::{package}::v1::{} {{\n\
                 #[allow(unused_variables, reason = \"some messages hold no text\")]\n\
                 fn texts(&mut self, visit: &mut dyn FnMut(&mut String)) {{\n{fields}}}\n}}\n",
                message.name()
            );
        }
    }
    out
}

/// Visits the texts of one field.
fn visit(package: &str, message: &prost_types::DescriptorProto, field: &prost_types::FieldDescriptorProto) -> String {
    use prost_types::field_descriptor_proto::Type;
    let nested = field.r#type() == Type::Message && field.type_name().starts_with(".alongside.");
    if !nested && field.r#type() != Type::String {
        return String::new();
    }
    let (name, one) = (field.name(), if nested { "one.texts(visit)" } else { "visit(one)" });
    if let Some(index) = field.oneof_index.filter(|_| !field.proto3_optional()) {
        let oneof = message.oneof_decl.get(usize::try_from(index).unwrap_or_default()).map_or("", |o| o.name());
        let (module, kind, variant) = (snake(message.name()), camel(oneof), camel(name));
        return format!(
            "if let Some(crate::{package}::v1::{module}::{kind}::{variant}(one)) = &mut self.{oneof} {{ {one}; }}\n"
        );
    }
    if field.label() == prost_types::field_descriptor_proto::Label::Repeated {
        return format!("for one in &mut self.{name} {{ {one}; }}\n");
    }
    if nested || field.proto3_optional() {
        return format!("if let Some(one) = &mut self.{name} {{ {one}; }}\n");
    }
    format!("visit(&mut self.{name});\n")
}

/// `an_example` as `AnExample`.
fn camel(name: &str) -> String {
    let capital =
        |part: &str| part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)).collect::<String>();
    name.split('_').map(capital).collect()
}

/// `AnExample` as `an_example`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

fn find_protos(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find_protos(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            found.push(path);
        }
    }
    Ok(())
}
