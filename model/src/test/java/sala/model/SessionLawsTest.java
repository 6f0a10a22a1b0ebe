package sala.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import sala.loader.Checkpoint;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.model.generate.GenerationOptions;
import sala.model.generate.GenerationResult;
import sala.model.generate.Generator;
import sala.testing.Golden;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/** What holds of sessions whatever the model: on the embedded model and the CPU pass. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class SessionLawsTest {
    private static final int[] TOKENS = java.util.stream.IntStream.range(0, 700)
            .map(i -> 3 + (i * 37) % 2000)
            .toArray();

    @TempDir
    private Path folder = Path.of("");

    private final Checkpoint checkpoint = Checkpoint.open(Golden.tinyModel());
    private final CpuForwardPass pass = pass(256);

    private CpuForwardPass pass(int prefillChunk) {
        return new CpuForwardPass(ModelWeights.load(checkpoint), new CpuOptions(2, prefillChunk, 0));
    }

    @BeforeAll
    void modelIsTheEmbeddedOne() {
        assertEquals("SLLSLLLL", pass.config().layerStrip());
    }

    @AfterAll
    void close() {
        pass.close();
        checkpoint.close();
    }

    private static SessionOptions options() {
        return SessionOptions.ofContextLength(1024);
    }

    @Test
    void chunksOfAnySizeGiveTheSame() {
        float[] whole = pass.prefill(pass.newSession(options()), TOKENS).toArray();
        for (int chunk : new int[] {1, 63, 64, 65, 100}) {
            try (CpuForwardPass other = pass(chunk)) {
                float[] logits =
                        other.prefill(other.newSession(options()), TOKENS).toArray();
                TensorAssert.assertClose("chunk " + chunk, whole, logits, Tolerance.CPU_F32_TINY_MODEL);
            }
        }
    }

    @Test
    void decodeContinuesAPrefillOfTheSameRegime() {
        SessionOptions sparse = options().withAttentionMode(AttentionMode.ALWAYS_SPARSE);
        float[] whole = pass.prefill(pass.newSession(sparse), TOKENS).toArray();
        Session session = pass.newSession(sparse);
        pass.prefill(session, Arrays.copyOf(TOKENS, TOKENS.length - 3));
        for (int i = TOKENS.length - 3; i < TOKENS.length; i++) {
            pass.decode(session, TOKENS[i]);
        }
        TensorAssert.assertClose("decoded", whole, session.logits().toArray(), Tolerance.CPU_F32_TINY_MODEL);
    }

    @Test
    void copyGoesItsOwnWayAndResetIsANewSession() {
        Session session = pass.newSession(options());
        float[] before = pass.prefill(session, TOKENS).toArray();
        Session copy = session.copy();
        pass.decode(copy, 5);
        assertEquals(TOKENS.length, session.position());
        assertArrayEquals(before, session.logits().toArray());
        float[] fromCopy = copy.logits().toArray();
        assertArrayEquals(fromCopy, pass.decode(session, 5).toArray());
        session.reset();
        assertEquals(0, session.position());
        assertArrayEquals(before, pass.prefill(session, TOKENS).toArray());
    }

    @Test
    void resultsDoNotDependOnTheNumberOfThreads() {
        float[] two = pass.prefill(pass.newSession(options()), TOKENS).toArray();
        try (CpuForwardPass other = new CpuForwardPass(ModelWeights.load(checkpoint), new CpuOptions(3, 256, 0))) {
            assertArrayEquals(
                    two, other.prefill(other.newSession(options()), TOKENS).toArray());
        }
    }

    @Test
    void savedSessionGoesOnAsIfNothingHadHappened() throws IOException {
        Session session = pass.newSession(options());
        pass.prefill(session, TOKENS);
        Path file = folder.resolve("chat.session");
        SessionFile.save(session, "turns", file);
        SessionFile.Loaded loaded = SessionFile.load(pass, options(), file);
        assertEquals("turns", loaded.payload());
        assertArrayEquals(session.logits().toArray(), loaded.session().logits().toArray());
        assertArrayEquals(
                pass.decode(session, 9).toArray(),
                pass.decode(loaded.session(), 9).toArray());
    }

    @Test
    void damagedSessionFileIsRefused() throws IOException {
        Session session = pass.newSession(options());
        pass.prefill(session, Arrays.copyOf(TOKENS, 20));
        Path file = folder.resolve("damaged.session");
        SessionFile.save(session, "", file);
        byte[] bytes = Files.readAllBytes(file);
        for (int position = 0; position < bytes.length; position += bytes.length / 97) {
            byte[] damaged = bytes.clone();
            damaged[position] ^= 0x10;
            Files.write(file, damaged);
            assertThrows(SessionFileException.class, () -> SessionFile.load(pass, options(), file));
            Files.write(file, Arrays.copyOf(bytes, position));
            assertThrows(SessionFileException.class, () -> SessionFile.load(pass, options(), file));
        }
    }

    @Test
    void contextLimitIsCheckedBeforeAnythingIsComputed() {
        Session session = pass.newSession(SessionOptions.ofContextLength(10));
        pass.prefill(session, Arrays.copyOf(TOKENS, 8));
        assertThrows(ContextLengthException.class, () -> pass.prefill(session, new int[] {1, 2, 3}));
        assertEquals(8, session.position());
    }

    @Test
    void greedyTextIsTheGoldenOne() {
        JsonNode prompt =
                Golden.json("sala-tiny-en/expected.json").required("prompts").get(0);
        Generator generator = new Generator(pass, checkpoint.tokenizer());
        int[] tokens = checkpoint
                .tokenizer()
                .orElseThrow()
                .encode(prompt.required("text").textValue(), true);
        GenerationResult result = generator.generate(
                pass.newSession(options()),
                tokens,
                GenerationOptions.builder().maxTokens(48).build());
        assertEquals(prompt.required("greedy_text").textValue(), result.text());
        assertEquals(48, result.tokens().length);
    }

    @Test
    void sameSeedGivesTheSameTokens() {
        Generator generator = new Generator(pass, checkpoint.tokenizer());
        int[] tokens = {1, 381, 333};
        GenerationOptions sampled =
                GenerationOptions.builder().maxTokens(30).temperature(1).seed(7).build();
        GenerationOptions reseeded = sampled.toBuilder().seed(8).build();
        GenerationResult first = generator.generate(pass.newSession(options()), tokens, sampled);
        GenerationResult again = generator.generate(pass.newSession(options()), tokens, sampled);
        GenerationResult other = generator.generate(pass.newSession(options()), tokens, reseeded);
        assertArrayEquals(first.tokens(), again.tokens());
        assertEquals(false, Arrays.equals(first.tokens(), other.tokens()));
    }
}
