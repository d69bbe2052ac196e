//! Draws what calls cost against the number of documents, a chart for each operation.

use std::fs;
use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use crate::PEERS;
use crate::compare::Table;
use crate::results::{parts, short, shown};

/// The operations, and the files of their charts.
const CHARTS: [(&str, &str); 9] = [
    ("get by UUID, ns", "get"),
    ("list of 50 by creation, ns", "list"),
    ("list of 50 with IDs in their order, ns", "list-with-ids"),
    ("count of two filters, ns", "count"),
    ("short IDs of all, a document, ns", "ids"),
    ("resolve an ID, ns", "resolve"),
    ("add in batches, ns", "batched-add"),
    ("durable add, p50, us", "durable-add"),
    ("scan to one text, a document, ns", "scan"),
];

/// Colours that people with any sight tell apart, on white; one for each peer.
const COLOURS: [RGBColor; PEERS.len()] = [
    RGBColor(0, 0, 0),
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
];

const SIZE: (u32, u32) = (760, 420);
/// What stands beside the chart.
const LEGEND_WIDTH: u32 = 140;
const FONT: (&str, i32) = ("sans-serif", 13);

/// Draws all charts into a folder; gives their titles and files.
pub fn draw(folder: &Path, tables: &[Table]) -> Vec<(String, String)> {
    fs::create_dir_all(folder).expect("the folder");
    let drawn = CHARTS.iter().map(|(name, file)| {
        let file = format!("{file}.svg");
        chart(&folder.join(&file), name, tables).expect("a chart");
        (parts(name).0.to_owned(), file)
    });
    drawn.collect()
}

fn chart(
    file: &Path,
    name: &str,
    tables: &[Table],
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    // A page may be dark.
    root.fill(&WHITE)?;
    let (sizes, costs) = ranges(name, tables);
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .margin_right(LEGEND_WIDTH)
        .caption(parts(name).0, ("sans-serif", 18))
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(sizes.log_scale(), costs.log_scale())?;
    chart
        .configure_mesh()
        .x_desc("documents")
        .x_labels(tables.len() * 2)
        .x_label_formatter(&|count| short(f64::from(*count)))
        .y_label_formatter(&|cost| round(&shown(name, *cost)))
        .label_style(FONT)
        .light_line_style(WHITE)
        .draw()?;
    // The first peer is what all this is about: its line is drawn last, and thicker.
    for (place, (peer, colour)) in PEERS.iter().zip(COLOURS).enumerate().rev() {
        let style = colour.filled().stroke_width(if place == 0 { 3 } else { 2 });
        let points = tables.iter().map(|table| (table.count, table.of(name)[place]));
        chart.draw_series(LineSeries::new(points, style).point_size(3))?;
        let (x, y) = ((SIZE.0 - LEGEND_WIDTH + 16) as i32, 50 + 20 * place as i32);
        root.draw(&PathElement::new([(x, y), (x + 18, y)], style))?;
        root.draw(&Text::new(peer.name, (x + 24, y - 8), FONT))?;
    }
    root.present()
}

/// From the smallest size to the largest, and the powers of ten around all costs.
fn ranges(name: &str, tables: &[Table]) -> (Range<u32>, Range<f64>) {
    let sizes = tables.iter().map(|it| it.count);
    let (first, last) = (sizes.clone().min().expect("a size"), sizes.max().expect("a size"));
    let costs = tables.iter().flat_map(|table| table.of(name)).copied();
    let (least, most) = (costs.clone().fold(f64::MAX, f64::min), costs.fold(0.0, f64::max));
    let power = |exponent: f64| 10_f64.powf(exponent);
    (first..last.max(first + 1), power(least.log10().floor())..power(most.log10().ceil()))
}

/// A figure of an axis, which is a power of ten.
fn round(shown: &str) -> String {
    shown.replace(".00 ", " ").replace(".0 ", " ")
}
