package sala.loader.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sala.loader.JsonFields;

/** What is done to a piece of text before it is encoded: steps in order. */
record Normalizer(List<Step> steps) {
    /** One step of a {@code normalizer} section. */
    sealed interface Step {
        /** Puts a text in front, unless the piece is empty. */
        record Prepend(String text) implements Step {}

        /** Replaces every occurrence. */
        record Replace(String pattern, String content) implements Step {}
    }

    static Normalizer of(Optional<JsonFields> section) {
        List<Step> steps = new ArrayList<>();
        section.ifPresent(fields -> add(fields, steps));
        return new Normalizer(List.copyOf(steps));
    }

    private static void add(JsonFields fields, List<Step> steps) {
        switch (fields.string("type", "")) {
            case "Sequence" -> fields.objects("normalizers").forEach(step -> add(step, steps));
            case "Prepend" -> steps.add(new Step.Prepend(fields.string("prepend", "")));
            case "Replace" -> steps.add(new Step.Replace(literalPattern(fields), fields.string("content", "")));
            default -> throw fields.wrong("type", "Sequence, Prepend or Replace");
        }
    }

    /** The {@code String} pattern of a Replace step. */
    static String literalPattern(JsonFields fields) {
        JsonFields pattern = fields.object("pattern");
        String text = pattern.string("String", "");
        if (text.isEmpty()) {
            throw pattern.wrong("String", "the text to replace");
        }
        return text;
    }

    String normalize(String text) {
        String normalized = text;
        for (Step step : steps) {
            normalized = switch (step) {
                case Step.Prepend prepend -> normalized.isEmpty() ? normalized : prepend.text() + normalized;
                case Step.Replace replace -> normalized.replace(replace.pattern(), replace.content());
            };
        }
        return normalized;
    }
}
