package sala.samples.lesson;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;
import sala.loader.MixerType;

/**
 * Pictures of numbers. Each is an image, which notebooks show inline where it is the value of a cell; no window is opened,
 * so they need no screen.
 */
public final class Plots {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 360;
    private static final int MARGIN = 48;
    private static final Color SPARSE = new Color(0xC0, 0x4A, 0x2F);
    private static final Color LIGHTNING = new Color(0x2F, 0x6D, 0xB0);

    private Plots() {}

    /**
     * Lines over x.
     *
     * @param series name to values, each as long as {@code x}; in the map's order
     */
    public static BufferedImage lines(
            String title, String xTitle, String yTitle, double[] x, Map<String, double[]> series) {
        return draw(chart(title, xTitle, yTitle, x, series));
    }

    /** {@link #lines} with both axes logarithmic: a power law is a straight line. All numbers are above 0. */
    public static BufferedImage logLog(
            String title, String xTitle, String yTitle, double[] x, Map<String, double[]> series) {
        XYChart chart = chart(title, xTitle, yTitle, x, series);
        chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
        return draw(chart);
    }

    private static XYChart chart(String title, String xTitle, String yTitle, double[] x, Map<String, double[]> series) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        chart.getStyler().setLocale(Locale.ROOT);
        chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
        chart.getStyler().setChartBackgroundColor(Color.WHITE).setLegendLayout(LegendLayout.Horizontal);
        series.forEach((name, values) ->
                chart.addSeries(name, x, values).setMarker(x.length > 40 ? SeriesMarkers.NONE : SeriesMarkers.CIRCLE));
        return chart;
    }

    private static BufferedImage draw(XYChart chart) {
        return BitmapEncoder.getBufferedImage(chart);
    }

    /**
     * Bars with names.
     *
     * @param series name to heights, each as long as {@code names}; in the map's order
     */
    public static BufferedImage bars(
            String title, String xTitle, String yTitle, List<String> names, Map<String, double[]> series) {
        CategoryChart chart = new CategoryChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        chart.getStyler().setLocale(Locale.ROOT);
        chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
        chart.getStyler().setChartBackgroundColor(Color.WHITE).setLegendLayout(LegendLayout.Horizontal);
        chart.getStyler().setXAxisLabelRotation(names.size() > 8 ? 45 : 0);
        series.forEach((name, values) -> {
            List<Double> heights = new ArrayList<>();
            for (double value : values) {
                heights.add(value);
            }
            chart.addSeries(name, names, heights);
        });
        return BitmapEncoder.getBufferedImage(chart);
    }

    /**
     * A matrix as colours: the smallest value is white, the largest dark; what is no number stays grey. Row 0 is on top.
     *
     * @param rows {@code [rows][columns]}, all of one length
     * @throws IllegalArgumentException if there is no row or no column
     */
    public static BufferedImage heatMap(String title, String xTitle, String yTitle, double[][] rows) {
        if (rows.length == 0 || rows[0].length == 0) {
            throw new IllegalArgumentException("heat map '%s': expected at least one row and column".formatted(title));
        }
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        for (double[] row : rows) {
            for (double value : row) {
                if (Double.isFinite(value)) {
                    min = Math.min(min, value);
                    max = Math.max(max, value);
                }
            }
        }
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = begin(image, title);
        int width = WIDTH - 2 * MARGIN;
        int height = HEIGHT - 2 * MARGIN;
        for (int r = 0; r < rows.length; r++) {
            for (int c = 0; c < rows[r].length; c++) {
                int left = MARGIN + c * width / rows[r].length;
                int right = MARGIN + (c + 1) * width / rows[r].length;
                int top = MARGIN + r * height / rows.length;
                int bottom = MARGIN + (r + 1) * height / rows.length;
                graphics.setColor(colour(rows[r][c], min, max));
                graphics.fillRect(left, top, right - left, bottom - top);
            }
        }
        graphics.setColor(Color.DARK_GRAY);
        graphics.drawRect(MARGIN, MARGIN, width, height);
        centre(graphics, "%s, 0 to %d".formatted(xTitle, rows[0].length - 1), WIDTH / 2, HEIGHT - MARGIN / 2);
        graphics.rotate(-Math.PI / 2);
        centre(graphics, "%s, 0 to %d downwards".formatted(yTitle, rows.length - 1), -HEIGHT / 2, MARGIN / 2 + 4);
        graphics.rotate(Math.PI / 2);
        centre(graphics, String.format(Locale.ROOT, "white %.3g, dark %.3g", min, max), WIDTH / 2, HEIGHT - 6);
        graphics.dispose();
        return image;
    }

    /** White through orange to a dark violet. */
    private static Color colour(double value, double min, double max) {
        if (!Double.isFinite(value)) {
            return Color.LIGHT_GRAY;
        }
        double share = max > min ? (value - min) / (max - min) : 0;
        float red = (float) (1 - 0.75 * Math.max(0, share - 0.4) / 0.6);
        float green = (float) Math.pow(1 - share, 1.2);
        float blue = (float) (share < 0.5 ? 1 - 1.7 * share : 0.15 + 0.3 * (share - 0.5));
        return new Color(red, green, blue);
    }

    /** The layers as a row of boxes, first to last: S attends, L keeps a state. */
    public static BufferedImage layerStrip(String title, List<MixerType> mixerTypes) {
        int box = (WIDTH - 2 * MARGIN) / mixerTypes.size();
        BufferedImage image = new BufferedImage(WIDTH, 3 * MARGIN, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = begin(image, title);
        IntStream.range(0, mixerTypes.size()).forEach(layer -> {
            int left = MARGIN + layer * box;
            graphics.setColor(mixerTypes.get(layer) == MixerType.SPARSE ? SPARSE : LIGHTNING);
            graphics.fillRect(left + 1, MARGIN, box - 2, MARGIN);
            graphics.setColor(Color.WHITE);
            centre(graphics, String.valueOf(mixerTypes.get(layer).letter()), left + box / 2, MARGIN + MARGIN / 2 + 5);
            graphics.setColor(Color.DARK_GRAY);
            graphics.setFont(graphics.getFont().deriveFont(10f));
            centre(graphics, String.valueOf(layer), left + box / 2, 2 * MARGIN + MARGIN / 2);
        });
        graphics.dispose();
        return image;
    }

    private static Graphics2D begin(BufferedImage image, String title) {
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setStroke(new BasicStroke(1));
        graphics.setColor(Color.BLACK);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 14));
        centre(graphics, title, image.getWidth() / 2, MARGIN / 2 + 4);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        return graphics;
    }

    private static void centre(Graphics2D graphics, String text, int x, int baseline) {
        graphics.drawString(text, x - graphics.getFontMetrics().stringWidth(text) / 2, baseline);
    }
}
