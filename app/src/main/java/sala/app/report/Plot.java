package sala.app.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A plot with a logarithmic vertical axis.
 *
 * @param name of its file, without an extension
 * @param title what it shows
 * @param explanation how to read it
 * @param xTitle of the horizontal axis, with its unit
 * @param yTitle of the vertical axis, with its unit
 * @param logarithmicX whether the horizontal axis is logarithmic too
 * @param lines in the order of the legend, at least one
 */
record Plot(
        String name,
        String title,
        String explanation,
        String xTitle,
        String yTitle,
        boolean logarithmicX,
        List<Line> lines) {
    private static final int WIDTH = 860;
    private static final int HEIGHT = 480;
    /** Of the largest over the least value of an axis whose ticks within a decade are labelled. */
    private static final double LARGEST_FINE_RATIO = 1e4;

    private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    private static final Pattern LONG_NUMBER = Pattern.compile("-?\\d+\\.\\d{3,}");
    private static final List<Marker> MARKERS = List.of(
            SeriesMarkers.CIRCLE,
            SeriesMarkers.SQUARE,
            SeriesMarkers.DIAMOND,
            SeriesMarkers.TRIANGLE_UP,
            SeriesMarkers.TRIANGLE_DOWN,
            SeriesMarkers.CROSS);

    Plot {
        lines = List.copyOf(lines);
    }

    /** How a series is drawn. */
    enum Style {
        /** Points joined by a line. */
        JOINED,
        POINTS,
        /** A limit: a grey line without points. */
        LIMIT
    }

    /** A series; x and y are above 0, since axes are logarithmic. */
    record Line(String label, Style style, List<Double> x, List<Double> y) {
        Line {
            x = List.copyOf(x);
            y = List.copyOf(y);
        }

        /** An empty one to be added to. */
        static Line of(String label, Style style) {
            return new Line(label, style, List.of(), List.of());
        }

        Line with(double newX, double newY) {
            List<Double> xs = new ArrayList<>(x);
            List<Double> ys = new ArrayList<>(y);
            xs.add(newX);
            ys.add(newY);
            return new Line(label, style, xs, ys);
        }
    }

    /** The plot as SVG. */
    String svg(Theme theme) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        style(chart.getStyler(), theme);
        int colour = 0;
        for (Line line : lines) {
            XYSeries series = chart.addSeries(line.label(), line.x(), line.y());
            Color color = line.style() == Style.LIMIT ? theme.ink() : theme.series(colour);
            series.setMarkerColor(color);
            series.setLineColor(color);
            switch (line.style()) {
                case JOINED -> {
                    series.setLineStyle(new BasicStroke(2));
                    series.setMarker(MARKERS.get(colour % MARKERS.size()));
                }
                case POINTS -> {
                    series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
                    series.setMarker(MARKERS.get(colour % MARKERS.size()));
                }
                case LIMIT -> {
                    series.setLineStyle(new BasicStroke(1.5f));
                    series.setMarker(SeriesMarkers.NONE);
                }
            }
            colour += line.style() == Style.LIMIT ? 0 : 1;
        }
        try {
            return shortened(new String(ChartEncoder.getBytes(chart, "svg"), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot draw " + title, e);
        }
    }

    /** Two decimals are enough of a pixel; letters are drawn as outlines, whose eleven make a page of megabytes. */
    private static String shortened(String svg) {
        return LONG_NUMBER
                .matcher(svg)
                .replaceAll(number -> plain(new BigDecimal(number.group()).setScale(2, RoundingMode.HALF_EVEN)));
    }

    private void style(XYStyler styler, Theme theme) {
        styler.setBaseFont(FONT);
        styler.setChartTitleVisible(false);
        styler.setAxisTitleFont(FONT);
        styler.setAxisTickLabelsFont(FONT);
        styler.setLegendFont(FONT);
        styler.setChartBackgroundColor(theme.background());
        styler.setPlotBackgroundColor(theme.background());
        styler.setLegendBackgroundColor(theme.background());
        styler.setLegendBorderColor(theme.background());
        styler.setPlotBorderColor(theme.grid());
        styler.setPlotGridLinesColor(theme.grid());
        styler.setChartFontColor(theme.ink());
        styler.setXAxisTitleColor(theme.ink());
        styler.setYAxisTitleColor(theme.ink());
        styler.setAxisTickLabelsColor(theme.ink());
        styler.setAxisTickMarksColor(theme.grid());
        styler.setXAxisLogarithmic(logarithmicX);
        styler.setYAxisLogarithmic(true);
        styler.setXAxisLogarithmicDecadeOnly(false);
        styler.setYAxisLogarithmicDecadeOnly(false);
        styler.setXAxisTickLabelsFormattingFunction(xLabels());
        styler.setYAxisTickLabelsFormattingFunction(Plot::logarithmicLabel);
        styler.setLegendPosition(LegendPosition.OutsideE);
        styler.setMarkerSize(8);
        styler.setLocale(Locale.ROOT);
    }

    private Function<Double, String> xLabels() {
        if (!logarithmicX) {
            return Plot::label;
        }
        DoubleSummaryStatistics values = lines.stream()
                .flatMap(line -> line.x().stream())
                .mapToDouble(Double::doubleValue)
                .summaryStatistics();
        return values.getMax() > LARGEST_FINE_RATIO * values.getMin() ? Plot::decadeLabel : Plot::logarithmicLabel;
    }

    /** Of the ticks of a decade the first, where there are many decades. */
    static String decadeLabel(double value) {
        BigDecimal digits = new BigDecimal(value).round(new MathContext(3)).stripTrailingZeros();
        return digits.unscaledValue().equals(BigInteger.ONE) ? label(value) : "";
    }

    /** Of the ticks of a decade the first, second and fifth: more would cover each other. */
    static String logarithmicLabel(double value) {
        BigDecimal digits = new BigDecimal(value).round(new MathContext(3)).stripTrailingZeros();
        boolean oneDigit = digits.precision() == 1;
        int digit = digits.unscaledValue().abs().intValue();
        return oneDigit && digit != 1 && digit != 2 && digit != 5 ? "" : label(value);
    }

    /** A number at an axis: 0.001, 10, 20K, 3M. */
    static String label(double value) {
        double magnitude = Math.abs(value);
        if (magnitude >= 1e6) {
            return plain(value / 1e6) + "M";
        }
        if (magnitude >= 1e4) {
            return plain(value / 1e3) + "K";
        }
        return plain(value);
    }

    private static String plain(double value) {
        return plain(new BigDecimal(value).round(new MathContext(3)));
    }

    private static String plain(BigDecimal value) {
        return value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString();
    }
}
