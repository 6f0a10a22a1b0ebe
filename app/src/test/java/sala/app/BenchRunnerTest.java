package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.ForwardPass;
import sala.model.Logits;
import sala.model.ModelShape;
import sala.model.ModelWeights;
import sala.model.PrefillListener;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.model.cpu.MachineLimits;

/** In which order a runner computes and reads the limits. */
class BenchRunnerTest {
    private static final MachineLimits LIMITS = new MachineLimits(1, 1, 1);

    /** Notes its calls: a letter each. */
    private record NotingPass(ForwardPass pass, StringBuilder calls) implements ForwardPass {
        @Override
        public ModelConfig config() {
            return pass.config();
        }

        @Override
        public String description() {
            return pass.description();
        }

        @Override
        public Session newSession(SessionOptions options) {
            return pass.newSession(options);
        }

        @Override
        public Logits prefill(Session session, int[] tokens, PrefillListener listener) {
            calls.append('p');
            return pass.prefill(session, tokens, listener);
        }

        @Override
        public Logits decode(Session session, int token) {
            calls.append('d');
            return pass.decode(session, token);
        }

        @Override
        public void close() {
            pass.close();
        }
    }

    private static String calls(BenchTest test, boolean warmUp, List<Long> readingNanos) {
        StringBuilder calls = new StringBuilder();
        try (Arena arena = Arena.ofShared();
                NotingPass pass = new NotingPass(
                        new CpuForwardPass(
                                ModelWeights.random(ModelShape.TINY.config(1), DType.F32, 42, arena),
                                CpuOptions.defaults().withThreads(1)),
                        calls)) {
            BenchRunner runner = new BenchRunner(
                    pass,
                    SessionOptions.ofContextLength(test.contextLength()),
                    Optional.of(nanos -> {
                        calls.append('|');
                        readingNanos.add(nanos);
                        return LIMITS;
                    }),
                    42);
            BenchSamples samples = runner.run(test, 3, warmUp);
            assertEquals(3, samples.nanos().length);
            assertEquals(4, samples.limits().size());
            for (int i = 0; i < 3; i++) {
                assertTrue(readingNanos.get(i + 1) <= samples.nanos()[i], "a reading takes less than a repetition");
            }
        }
        return calls.toString();
    }

    @Test
    void limitsAreReadBetweenRepetitions() {
        List<Long> nanos = new ArrayList<>();
        assertEquals("d|dd|dd|dd|", calls(new BenchTest(0, 2, 0), true, nanos));
        assertTrue(nanos.getFirst() > 0);
    }

    @Test
    void theContextOfADepthComesBeforeTheFirstReading() {
        assertEquals("pp|p|p|p|", calls(new BenchTest(5, 0, 3), true, new ArrayList<>()));
    }

    @Test
    void withoutWarmUpTheFirstReadingIsAsShortAsCanBe() {
        List<Long> nanos = new ArrayList<>();
        assertEquals("|pd|pd|pd|", calls(new BenchTest(2, 1, 0), false, nanos));
        assertEquals(0, nanos.getFirst());
    }
}
