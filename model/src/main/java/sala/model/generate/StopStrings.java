package sala.model.generate;

import java.util.List;

/** Finds stop strings in a stream of text; holds back what may turn out to be the beginning of one. */
final class StopStrings {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean found;

    StopStrings(List<String> stops) {
        this.stops = stops;
    }

    boolean found() {
        return found;
    }

    /** Adds text; returns what is certain to be before any stop string. */
    String accept(String text) {
        held.append(text);
        int first = -1;
        for (String stop : stops) {
            int index = held.indexOf(stop);
            if (index >= 0 && (first < 0 || index < first)) {
                first = index;
            }
        }
        if (first >= 0) {
            found = true;
            String before = held.substring(0, first);
            held.setLength(0);
            return before;
        }
        return take(held.length() - longestBeginning());
    }

    /** Length of the longest end of the held text that begins a stop string. */
    private int longestBeginning() {
        int longest = 0;
        for (String stop : stops) {
            for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
                if (held.indexOf(stop.substring(0, length), held.length() - length) >= 0) {
                    longest = length;
                }
            }
        }
        return longest;
    }

    /** What is held back, at the end. */
    String flush() {
        return take(held.length());
    }

    private String take(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }
}
