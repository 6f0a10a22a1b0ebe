package sala.model.generate;

import java.util.List;

/**
 * Finds stop strings in a stream of text and holds back what may be the beginning of one. The stop string that is
 * complete first wins, whatever the pieces; among those that end together, the longest.
 */
final class StopStrings {
    private final List<String> stopStrings;
    private final StringBuilder held = new StringBuilder();
    private boolean found;

    StopStrings(List<String> stopStrings) {
        this.stopStrings = stopStrings;
    }

    /** Whether a stop string has come; all text after it is dropped. */
    boolean found() {
        return found;
    }

    /** Adds text; returns what belongs to no stop string for certain. */
    String accept(String piece) {
        if (found || piece.isEmpty()) {
            return "";
        }
        if (stopStrings.isEmpty()) {
            return piece;
        }
        int checked = held.length();
        held.append(piece);
        for (int end = checked + 1; end <= held.length(); end++) {
            int length = longestMatch(end);
            if (length > 0) {
                found = true;
                return take(end - length);
            }
        }
        return take(held.length() - longestBeginning());
    }

    /** The rest of the text, when no more will come. */
    String flush() {
        return found ? "" : take(held.length());
    }

    private String take(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }

    /** Length of the longest stop string that ends here, 0 if none does. */
    private int longestMatch(int end) {
        int longest = 0;
        for (String stop : stopStrings) {
            if (stop.length() > longest && isAt(end - stop.length(), stop, stop.length())) {
                longest = stop.length();
            }
        }
        return longest;
    }

    /** Length of the longest end of the text that begins a stop string. */
    private int longestBeginning() {
        int longest = 0;
        for (String stop : stopStrings) {
            for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
                if (isAt(held.length() - length, stop, length)) {
                    longest = length;
                }
            }
        }
        return longest;
    }

    /** Whether the text has the first {@code length} characters of a stop string at this place. */
    private boolean isAt(int start, String stop, int length) {
        if (start < 0) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (held.charAt(start + i) != stop.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
