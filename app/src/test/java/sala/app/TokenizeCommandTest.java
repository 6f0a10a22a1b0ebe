package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import sala.testing.Golden;

/** {@code tokenize} and {@code detokenize} against the golden cases. */
class TokenizeCommandTest {
    private static final String TEXT = "And it came to pass in those days, that the king said unto his servants,";
    private static final String IDS = "381 333 829 285 798 286 672 1203 1962 311 262 736 603 453 392 702 924 1962";

    @Test
    void printsIds() {
        assertEquals(
                "1 " + IDS + "\n", CommandRun.of("tokenize", TEXT).succeeded().out());
        assertEquals(
                IDS + "\n",
                CommandRun.of("tokenize", "--no-special", TEXT).succeeded().out());
        assertEquals(
                "1 " + IDS + "\n",
                CommandRun.withInput(TEXT, "tokenize").succeeded().out());
    }

    @Test
    void printsText() {
        assertEquals(
                "<s>" + TEXT + "\n",
                CommandRun.of("detokenize", "1", IDS).succeeded().out().replace("<s> ", "<s>"));
        assertEquals(
                TEXT + "\n",
                CommandRun.withInput("[1, " + IDS.replace(" ", ", ") + "]\n", "detokenize", "--no-special")
                        .succeeded()
                        .out());
    }

    @Test
    void agreesWithAllGoldenCases() {
        int count = 0;
        for (JsonNode golden : Golden.json("tokenizer-cases.json").required("encode")) {
            if (++count % 25 != 1) {
                continue; // the tokenizer's own tests do them all; a few of every kind do here
            }
            JsonNode ids = CommandRun.withInput(golden.required("text").textValue(), "tokenize", "--json")
                    .succeeded()
                    .json();
            assertEquals(golden.required("ids"), ids.required("tokens"));
            assertEquals(golden.required("tokens"), ids.required("pieces"));
            JsonNode text = CommandRun.withInput(ids.required("tokens").toString(), "detokenize", "--json")
                    .succeeded()
                    .json();
            assertEquals(golden.required("decoded_all"), text.required("text"));
        }
        assertTrue(count > 25);
    }

    @Test
    void refusesIdsOutsideTheVocabulary() {
        CommandRun run = CommandRun.of("detokenize", "1", "2048");
        assertEquals(1, run.exitCode());
        assertEquals("sala: token id 2 is 2048, but the model's vocabulary is 0 to 2047", run.errorLine());
    }

    @Test
    void saysThatAFolderHasNoTokenizer() {
        String folder = Golden.path("cases/continued").toString();
        CommandRun run = CommandRun.of("tokenize", "-m", folder, "x");
        assertEquals(1, run.exitCode());
        assertEquals("sala: " + folder + " has no tokenizer.json", run.errorLine());
    }

    @Test
    void keepsEveryCharacter() throws com.fasterxml.jackson.core.JsonProcessingException {
        String text = "caf\u00e9 \u65e5\u672c \ud83d\ude00\t\"quoted\"\\";
        String tokens = CommandRun.withInput(text, "tokenize", "--no-special")
                .succeeded()
                .out();
        JsonNode json =
                CommandRun.withInput(tokens, "detokenize", "--json").succeeded().json();
        assertEquals(
                text,
                new ObjectMapper().readTree(json.toString()).required("text").textValue());
    }
}
