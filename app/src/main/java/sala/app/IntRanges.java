package sala.app;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lists of numbers as llama-bench takes them: {@code 1,2}, {@code 1-4}, {@code 0-512+128}, {@code 128-1024*2}. */
final class IntRanges {
    private static final Pattern RANGE = Pattern.compile("(\\d+)-(\\d+)(?:([+*])(\\d+))?");

    private IntRanges() {}

    /**
     * Reads a list.
     *
     * @param option named in messages
     * @throws UsageException if it is no such list, or would never end
     */
    static List<Integer> parse(String option, List<String> texts) {
        List<Integer> values = new ArrayList<>();
        for (String text : texts) {
            for (String part : text.split(",", -1)) {
                addRange(values, option, part.strip());
            }
        }
        return values;
    }

    private static void addRange(List<Integer> values, String option, String part) {
        Matcher range = RANGE.matcher(part);
        if (!range.matches()) {
            values.add(number(option, part));
            return;
        }
        int first = number(option, range.group(1));
        int last = number(option, range.group(2));
        boolean multiply = "*".equals(range.group(3));
        int step = range.group(4) == null ? 1 : number(option, range.group(4));
        if (first > last || (multiply ? step < 2 || first == 0 : step < 1)) {
            throw new UsageException("%s: the range '%s' has no end".formatted(option, part));
        }
        for (long value = first; value <= last; value = multiply ? value * step : value + step) {
            values.add((int) value);
        }
    }

    private static int number(String option, String part) {
        try {
            int value = Integer.parseInt(part);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException _) {
            // reported below
        }
        throw new UsageException(
                "%s: '%s' is no number, list such as 0,512 or range such as 128-1024*2".formatted(option, part));
    }
}
