//! Makes the Rust code of the protos, and beside it the descriptors that the library reads options from.
//!
//! `../generate.sh` runs it in the checkout's root. The compiler is `protox`, so nothing else has to be installed.

use std::error::Error;
use std::fs;
use std::path::Path;

use prost::Message as _;
use prost_types::FileDescriptorSet;

/// What is made: where to, and of which files.
struct Package {
    out: &'static str,
    files: &'static [&'static str],
    /// Proto packages that come with the library.
    external: bool,
}

const INCLUDES: &[&str] =
    &["proto", "proto/vendor", "interop/proto", "examples/shopping-cart/proto"];

const PACKAGES: &[Package] = &[
    Package {
        out: "interop/rust/samspel/src/gen",
        files: &[
            "samspel/v1/errors.proto",
            "samspel/v1/options.proto",
            "samspel/v1/subscribe.proto",
            "samspel/v1/tell.proto",
        ],
        external: false,
    },
    Package {
        out: "interop/rust/scenario/src/gen",
        files: &["samspel/scenario/v1/scenario.proto"],
        external: true,
    },
    Package {
        out: "examples/shopping-cart/recommendations/src/gen",
        files: &[
            "cart/v1/cart_topics.proto",
            "popular/v1/popular_items_api.proto",
            "recommendations/v1/recommendations_api.proto",
        ],
        external: true,
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    PACKAGES.iter().try_for_each(generate)
}

fn generate(package: &Package) -> Result<(), Box<dyn Error>> {
    let mut compiler = protox::Compiler::new(INCLUDES)?;
    compiler.include_source_info(true).include_imports(true).open_files(package.files)?;
    let out = Path::new(package.out);
    fs::create_dir_all(out)?;

    // Comments become documentation, so the code is made of what has them; what is read at run time goes without.
    let mut builder = tonic_prost_build::configure().out_dir(out).emit_package(true);
    if package.external {
        builder = builder.extern_path(".samspel.v1", "::samspel::v1");
    }
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    let commented = FileDescriptorSet::decode(&*compiler.encode_file_descriptor_set())?;
    builder.compile_fds_with_config(commented, config)?;

    // Encoded by the compiler itself: the options of Samspel are extensions, which prost's types would lose.
    compiler.include_source_info(false);
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    Ok(())
}
