package sala.loader;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** What a missing tensor may be called instead, for messages. */
final class SimilarNames {
    private static final int MAX_HINTS = 3;
    private static final int MAX_LENGTH = 256;

    private SimilarNames() {}

    private record Candidate(String name, int distance) {}

    /** The closest of the names as {@code "; similar: [...]"}; empty where none is within a third of the length. */
    static String hint(String wanted, Collection<String> names) {
        if (wanted.length() > MAX_LENGTH) {
            return "";
        }
        int limit = Math.max(1, wanted.length() / 3);
        List<String> similar = names.stream()
                .filter(name -> Math.abs(name.length() - wanted.length()) <= limit)
                .map(name -> new Candidate(name, distance(wanted, name)))
                .filter(candidate -> candidate.distance() <= limit)
                .sorted(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name))
                .limit(MAX_HINTS)
                .map(candidate -> StrictJson.shorten(candidate.name()))
                .toList();
        return similar.isEmpty() ? "" : "; similar: " + similar;
    }

    /** Levenshtein distance: fewest characters to insert, delete or replace. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
