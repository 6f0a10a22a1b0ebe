package sala.loader.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sala.loader.JsonFields;

/**
 * The {@code decoder} section of a Llama-family tokenizer: {@code Replace*, ByteFallback?, Fuse?, Strip?} in this order.
 *
 * @param replacements done to every piece
 * @param byteFallback whether {@code <0x0A>} is a byte
 * @param stripContent character stripped from the start of the text
 * @param stripStart how many at most at the start
 */
record PieceDecoder(
        List<Normalizer.Step.Replace> replacements, boolean byteFallback, String stripContent, int stripStart) {
    static PieceDecoder of(Optional<JsonFields> section) {
        List<Normalizer.Step.Replace> replacements = new ArrayList<>();
        boolean byteFallback = false;
        String stripContent = "";
        int stripStart = 0;
        if (section.isPresent()) {
            JsonFields fields = section.get();
            List<JsonFields> steps =
                    fields.string("type", "").equals("Sequence") ? fields.objects("decoders") : List.of(fields);
            int stage = 0;
            for (JsonFields step : steps) {
                int stepStage = switch (step.string("type", "")) {
                    case "Replace" -> {
                        replacements.add(new Normalizer.Step.Replace(
                                Normalizer.literalPattern(step), step.string("content", "")));
                        yield 0;
                    }
                    case "ByteFallback" -> {
                        byteFallback = true;
                        yield 1;
                    }
                    case "Fuse" -> 2;
                    case "Strip" -> {
                        stripContent = step.string("content", " ");
                        stripStart = step.integer("start", 0, 0, Integer.MAX_VALUE);
                        step.integer("stop", 0, 0, 0); // nothing is stripped from the end
                        yield 3;
                    }
                    default -> throw step.wrong("type", "Replace, ByteFallback, Fuse or Strip");
                };
                if (stepStage < stage) {
                    throw step.wrong("type", "the order Replace, ByteFallback, Fuse, Strip");
                }
                stage = stepStage;
            }
        }
        return new PieceDecoder(List.copyOf(replacements), byteFallback, stripContent, stripStart);
    }

    /** The text of a piece that is no byte. */
    String text(String piece) {
        String text = piece;
        for (Normalizer.Step.Replace replacement : replacements) {
            text = text.replace(replacement.pattern(), replacement.content());
        }
        return text;
    }

    /** The byte of a piece, {@link Vocabulary#NONE} where it is none. */
    int byteOf(String piece) {
        return byteFallback ? Vocabulary.byteOf(piece) : Vocabulary.NONE;
    }

    /** The fused text without the characters stripped from its start. */
    String strip(String text) {
        int begin = 0;
        for (int i = 0; i < stripStart && !stripContent.isEmpty() && text.startsWith(stripContent, begin); i++) {
            begin += stripContent.length();
        }
        return text.substring(begin);
    }
}
