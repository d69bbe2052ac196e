//! Runs the C programs that hand the library everything that is not right.

use crate::c_program::CProgram;

fn finds_nothing(program: &str) {
    let output = CProgram::compile(program).command().output().expect("the program starts");
    let report = String::from_utf8_lossy(&output.stdout);
    println!("{report}");
    assert!(output.status.success(), "{}\n{report}", output.status);
    assert!(output.stderr.is_empty(), "it wrote {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn bad_input_gets_a_specific_error_changes_nothing_and_prints_nothing() {
    finds_nothing("bad_input");
}

#[test]
fn bad_paths_get_a_specific_error_change_nothing_and_print_nothing() {
    finds_nothing("bad_paths");
}
