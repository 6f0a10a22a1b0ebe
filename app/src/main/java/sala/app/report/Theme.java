package sala.app.report;

import java.awt.Color;
import java.util.Arrays;
import java.util.List;

/**
 * Colours of a plot, such as people with colour blindness can tell apart.
 *
 * @param background of page and plot
 * @param ink of text and limits
 * @param grid of grid lines
 * @param series in the order of the legend
 */
record Theme(Color background, Color ink, Color grid, List<Color> series) {
    static final Theme LIGHT = of(
            0xffffff, 0x1f2328, 0xd8dce2, 0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0x9a6700, 0x56b4e9, 0x6e7781,
            0x7048e8);
    static final Theme DARK = of(
            0x161b22, 0xe6edf3, 0x3a424d, 0x56b4e9, 0xe69f00, 0x2fbf95, 0xe39ac5, 0xf0e442, 0x8ab4f8, 0xa8b1bb,
            0xb197fc);

    Theme {
        series = List.copyOf(series);
    }

    private static Theme of(int background, int ink, int grid, int... series) {
        return new Theme(
                new Color(background),
                new Color(ink),
                new Color(grid),
                Arrays.stream(series).mapToObj(Color::new).toList());
    }

    /** The colour of a series; they start anew after the last. */
    Color series(int index) {
        return series.get(index % series.size());
    }
}
