//! What was measured, drawn.

use std::path::Path;

use plotters::prelude::*;

use super::{measure::Row, peers::best, table::count};

/// Size of a picture.
const SIZE: (u32, u32) = (1_100, 560);

/// Bars of one row: what it is, and its colour.
const BARS: [(&str, RGBColor); 4] = [
    ("best peer", RGBColor(190, 190, 190)),
    ("plain SQL statement", RGBColor(230, 159, 0)),
    ("gateway", RGBColor(0, 114, 178)),
    ("bare handler", RGBColor(204, 204, 240)),
];

/// Requests a second of every row beside its peer, its statement and the bare handler, on a logarithmic scale.
pub(crate) fn works(file: &Path, rows: &[Row]) -> anyhow::Result<()> {
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let wide = crate::figures::number(rows.len() as u64);
    let mut chart = ChartBuilder::on(&area)
        .caption("Requests a second", ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(84)
        .y_label_area_size(80)
        .build_cartesian_2d(0.0..wide, (10.0..1_000_000.0).log_scale())?;
    chart.configure_mesh().disable_x_mesh().disable_x_axis().y_label_formatter(&|value| count(*value)).draw()?;
    for (bar, (name, colour)) in BARS.into_iter().enumerate() {
        let bars = rows.iter().enumerate().map(|(at, row)| {
            let value = [best(row.work).rate, row.floor, row.rate, row.ceiling][bar];
            let left = crate::figures::number(at as u64) + 0.08 + 0.21 * crate::figures::number(bar as u64);
            Rectangle::new([(left, 10.0), (left + 0.19, value.max(10.0))], colour.filled())
        });
        chart
            .draw_series(bars)?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], colour.filled()));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .draw()?;
    let plane = chart.plotting_area();
    let style = TextStyle::from(("sans-serif", 15)).color(&BLACK);
    for (at, row) in rows.iter().enumerate() {
        let (x, y) = plane.map_coordinate(&(crate::figures::number(at as u64) + 0.08, 10.0));
        let kept = if row.kept { ", answers kept" } else { "" };
        let said = format!("{} at {}: {}{kept}", row.work, row.connections, row.name.replace('`', ""));
        let broad = usize::try_from(SIZE.0)? / rows.len() / 9;
        for (line, text) in (0..).zip(broken(&said, broad)) {
            area.draw_text(&text, &style, (x, y + 8 + 15 * line))?;
        }
    }
    area.present()?;
    Ok(())
}

/// One line of a plot.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Colours of lines, told apart also by those who see few.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(120, 120, 120),
    RGBColor(0, 0, 0),
];

/// Lines on two logarithmic scales.
pub(crate) fn lines(file: &Path, (caption, over): (&str, &str), series: &[Line]) -> anyhow::Result<()> {
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let points = || series.iter().flat_map(|line| &line.points);
    let least = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(0.0, f64::max);
    let (x, y) = ((least(|point| point.0), most(|point| point.0)), (least(|point| point.1), most(|point| point.1)));
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(caption, ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(45)
        .y_label_area_size(80)
        .build_cartesian_2d((x.0 / 1.2..beside_names(x)).log_scale(), (y.0 / 2.0..y.1 * 2.0).log_scale())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_label_formatter(&|_| String::new())
        .x_desc(over)
        .y_label_formatter(&|value| count(*value))
        .draw()?;
    for (line, colour) in series.iter().zip(COLOURS.into_iter().cycle()) {
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), style).point_size(4))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    chart.configure_series_labels().position(SeriesLabelPosition::MiddleRight).draw()?;
    // What was measured, not the powers of ten about it.
    let style = TextStyle::from(("sans-serif", 15)).color(&BLACK);
    let plane = chart.plotting_area();
    let mut measured: Vec<f64> = points().map(|(value, _)| *value).collect();
    measured.sort_by(f64::total_cmp);
    measured.dedup();
    for value in measured {
        let (left, bottom) = plane.map_coordinate(&(value, y.0 / 2.0));
        area.draw_text(&count(value), &style, (left - 12, bottom + 8))?;
    }
    area.present()?;
    Ok(())
}

/// Where an axis ends whose last part is for the names of the lines.
fn beside_names((least, most): (f64, f64)) -> f64 {
    most * (most / least).max(2.0).sqrt()
}

/// Text in lines of at most so many characters, a longer word alone.
fn broken(text: &str, broad: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut().filter(|line| line.len() + 1 + word.len() <= broad) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_between_its_words() {
        assert_eq!(broken("record one disclosure", 11), ["record one", "disclosure"]);
    }
}
