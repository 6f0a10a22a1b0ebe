package sala.app;

import java.util.Locale;

/** Numbers as people read them. */
final class Quantities {
    private Quantities() {}

    /** {@code 512 B}, {@code 1.50 MiB}, {@code 17.65 GiB}. */
    static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes;
        String unit = "B";
        for (String next : new String[] {"KiB", "MiB", "GiB", "TiB"}) {
            if (value < 1024) {
                break;
            }
            value /= 1024;
            unit = next;
        }
        return String.format(Locale.ROOT, "%.2f %s", value, unit);
    }

    /** {@code 4.53 M}, {@code 9.48 B}: parameters, as llama-bench writes them. */
    static String parameters(long count) {
        return count < 1_000_000_000L
                ? String.format(Locale.ROOT, "%.2f M", count / 1e6)
                : String.format(Locale.ROOT, "%.2f B", count / 1e9);
    }

    /** {@code 64K} for 65,536; numbers that are no power of two times 1024 in full. */
    static String tokens(int count) {
        if (count >= 1 << 20 && count % (1 << 20) == 0) {
            return (count >> 20) + "M";
        }
        return count >= 1024 && count % 1024 == 0 ? (count >> 10) + "K" : Integer.toString(count);
    }

    /** {@code 9,477,203,968}. */
    static String grouped(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
