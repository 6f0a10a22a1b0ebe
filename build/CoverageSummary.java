import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Prints line and branch coverage of one module from JaCoCo's {@code jacoco.csv}. */
final class CoverageSummary {
    private CoverageSummary() {}

    /** Arguments: the module's name, its {@code jacoco.csv}; a module without tests has none. */
    public static void main(String[] args) throws IOException {
        Path csv = Path.of(args[1]);
        if (!Files.exists(csv)) {
            return;
        }
        List<String> lines = Files.readAllLines(csv);
        List<String> header = List.of(lines.getFirst().split(","));
        System.out.printf(
                "coverage %s: lines %s, branches %s%n",
                args[0],
                share(lines, header.indexOf("LINE_COVERED"), header.indexOf("LINE_MISSED")),
                share(lines, header.indexOf("BRANCH_COVERED"), header.indexOf("BRANCH_MISSED")));
    }

    private static String share(List<String> lines, int coveredColumn, int missedColumn) {
        long covered = 0;
        long missed = 0;
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",");
            covered += Long.parseLong(cells[coveredColumn]);
            missed += Long.parseLong(cells[missedColumn]);
        }
        return "%.1f %% of %d"
                .formatted(covered + missed == 0 ? 100.0 : 100.0 * covered / (covered + missed), covered + missed);
    }
}
