package sala.model.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.sampling.LogitAdjustment;
import sala.loader.Checkpoint;
import sala.loader.DType;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.model.ForwardPass;
import sala.model.LayerObserver;
import sala.model.Logits;
import sala.model.ModelWeights;
import sala.model.RecurrentState;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.TaskProfile;
import sala.model.TestingCheckpoint;
import sala.model.TokenChoice;
import sala.model.TokenDecoder;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.model.generate.GenerationOptions;
import sala.model.generate.Generator;
import sala.model.generate.Sampler;
import sala.model.generate.SamplingException;
import sala.testing.Golden;

/** Tokens that the device draws are those that the sampler draws on the host, from the processor's logits too. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeviceSamplingTest {
    private static final int CAPACITY = 128;
    private static final int CHUNK = 46;
    private static final int WORK_GROUPS = 8;
    private static final int[] PROMPT = {3, 1, 4, 1, 5, 9, 2, 6};
    private static final SessionOptions OPTIONS = SessionOptions.ofContextLength(CAPACITY);

    /** Each step by itself, then together. */
    private static final List<GenerationOptions> CHOICES = List.of(
            at(0).build(),
            at(1).build(),
            at(0.3).build(),
            at(1.5).topKTokens(5).build(),
            at(1).topKTokens(1).build(),
            at(1).topP(0.7).build(),
            at(1).topP(0).build(),
            at(2).minP(0.3).build(),
            at(0).repetitionPenalty(1.3).build(),
            at(0).presencePenalty(0.5).frequencyPenalty(0.3).build(),
            at(0).logitBias(bias()).build(),
            at(1).repetitionPenalty(0.8).penaltyWindow(3).build(),
            at(1.2).topKTokens(20)
                    .topP(0.9)
                    .minP(0.02)
                    .repetitionPenalty(1.2)
                    .presencePenalty(-0.4)
                    .frequencyPenalty(0.2)
                    .penaltyWindow(6)
                    .logitBias(bias())
                    .build());

    private final Arena arena = Arena.ofShared();
    private final Checkpoint checkpoint = Checkpoint.open(Golden.path("cases/defaults"));
    private final ModelWeights weights = ModelWeights.load(checkpoint);
    private final TornadoForwardPass device = open(weights);
    private final CpuForwardPass processor = new CpuForwardPass(weights, CpuOptions.defaults());

    @AfterAll
    void close() {
        processor.close();
        device.close();
        checkpoint.close();
        arena.close();
    }

    private static TornadoForwardPass open(ModelWeights weights) {
        return new TornadoForwardPass(
                weights,
                TornadoOptions.ofCapacity(CAPACITY).withPrefillChunk(CHUNK).withWorkGroups(WORK_GROUPS));
    }

    private static GenerationOptions.Builder at(double temperature) {
        return GenerationOptions.builder().temperature(temperature).ignoreEos(true);
    }

    private static Map<Integer, Double> bias() {
        return Map.of(0, Double.NEGATIVE_INFINITY, 7, 1.5, 33, -2.0, 63, 0.75);
    }

    private static int[] generate(ForwardPass pass, GenerationOptions options, int[] prompt, int count, long seed) {
        try (Session session = pass.newSession(OPTIONS)) {
            return new Generator(pass, Optional.empty())
                    .generate(
                            session,
                            prompt,
                            options.toBuilder().seed(seed).maxTokens(count).build())
                    .tokens();
        }
    }

    static List<GenerationOptions> choices() {
        return CHOICES;
    }

    @ParameterizedTest
    @MethodSource("choices")
    void generatesWhatTheProcessorDoes(GenerationOptions options) {
        for (long seed = 1; seed <= 3; seed++) {
            assertArrayEquals(
                    generate(processor, options, PROMPT, 8, seed), generate(device, options, PROMPT, 8, seed));
        }
    }

    @ParameterizedTest
    @MethodSource("choices")
    void drawsWhatTheSamplerDrawsFromItsLogits(GenerationOptions options) {
        try (Session session = device.newSession(OPTIONS)) {
            Sampler sampler = Sampler.create(options, device.config().vocabSize(), 42);
            Arrays.stream(PROMPT).forEach(sampler::acceptPrompt);
            int token = sampler.sample(device.prefill(session, PROMPT));
            for (int i = 0; i < 4; i++) {
                sampler.accept(token);
                double random = sampler.nextRandom();
                int next = device.decodeToken(session, token, sampler.choice(), random);
                assertEquals(sampler.sample(session.logits(), random), next);
                token = next;
            }
            assertEquals(PROMPT.length + 4, session.position());
        }
    }

    /** The trained model: its vocabulary, and logits as text has them. */
    @Test
    void generatesWhatTheProcessorDoesFromTheTrainedModel() {
        Path folder = Golden.tinyModel();
        try (Checkpoint trained = Checkpoint.open(folder);
                TornadoForwardPass onDevice = open(ModelWeights.load(trained));
                CpuForwardPass onProcessor = new CpuForwardPass(ModelWeights.load(trained), CpuOptions.defaults())) {
            int[] prompt = trained.tokenizer().orElseThrow().encode("In the beginning", true);
            for (GenerationOptions options : List.of(
                    at(0.8).topKTokens(40).topP(0.9).build(),
                    at(1).minP(0.05).repetitionPenalty(1.1).logitBias(bias()).build())) {
                for (long seed = 1; seed <= 2; seed++) {
                    assertArrayEquals(
                            generate(onProcessor, options, prompt, 4, seed),
                            generate(onDevice, options, prompt, 4, seed),
                            options::toString);
                }
            }
        }
    }

    @Test
    void logitsOfADrawStayAsTheyAreAndOnTheDeviceUntilAsked() {
        TokenChoice choice = sampler(at(1).logitBias(bias()).build()).choice();
        try (Session drawn = device.newSession(OPTIONS);
                Session plain = device.newSession(OPTIONS)) {
            device.prefill(plain, PROMPT);
            float[] first = device.decode(plain, 5).toArray();
            float[] second = device.decode(plain, 6).toArray();
            device.prefill(drawn, PROMPT);
            device.decodeToken(drawn, 5, choice, 0.5);
            assertArrayEquals(first, drawn.logits().toArray());
            int token = device.decodeToken(drawn, 6, choice, 0.5);
            try (Session copy = drawn.copy()) {
                device.decode(plain, 7); // takes the device
                assertArrayEquals(second, drawn.logits().toArray(), "after leaving the device");
                assertArrayEquals(second, copy.logits().toArray(), "in a copy");
                assertEquals(
                        device.decodeToken(drawn, token, choice, 0.3), device.decodeToken(copy, token, choice, 0.3));
                assertArrayEquals(drawn.logits().toArray(), copy.logits().toArray());
            }
        }
    }

    @Test
    void aGenerationGoesOnWhereItEnded() {
        GenerationOptions options = at(1).topP(0.9).build();
        try (Session session = device.newSession(OPTIONS);
                Session expected = processor.newSession(OPTIONS)) {
            int[] tokens = PROMPT;
            for (int round = 0; round < 3; round++) {
                GenerationOptions seeded =
                        options.toBuilder().seed(round).maxTokens(4).build();
                int[] found = new Generator(device, Optional.empty())
                        .generate(session, tokens, seeded)
                        .tokens();
                assertArrayEquals(
                        new Generator(processor, Optional.empty())
                                .generate(expected, tokens, seeded)
                                .tokens(),
                        found);
                tokens = new int[] {found[3]};
            }
        }
    }

    @Test
    void oneDrawIsFourTasksForGreedysTwo() {
        GenerationOptions drawn = at(1).topP(0.9).seed(1).maxTokens(4).build();
        Map<String, Long> launches = profile(drawn);
        assertEquals(3, launches.get("draw_adjust"));
        assertEquals(3, launches.get("draw_sampleParts"));
        assertEquals(3, launches.get("draw_sampleMarks"));
        assertEquals(3, launches.get("draw_sample"));
        assertEquals(0, launches.getOrDefault("greedy_argmax", 0L));
        assertEquals(3, profile(drawn.toBuilder().temperature(0).build()).get("greedy_argmax"));
        assertEquals(
                3,
                profile(drawn.toBuilder().temperature(0).repetitionPenalty(2).build())
                        .get("draw_sample"));
    }

    private Map<String, Long> profile(GenerationOptions options) {
        try (Session session = device.newSession(OPTIONS)) {
            return device
                    .profile(() -> new Generator(device, Optional.empty()).generate(session, PROMPT, options))
                    .tasks()
                    .stream()
                    .collect(Collectors.toMap(TaskProfile.Task::name, TaskProfile.Task::launches));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-7, 1e7})
    void temperaturesOutOfRangeAreLeftToTheHost(double temperature) {
        GenerationOptions options = at(temperature).topKTokens(3).build();
        assertArrayEquals(generate(processor, options, PROMPT, 6, 1), generate(device, options, PROMPT, 6, 1));
        try (Session session = device.newSession(OPTIONS)) {
            device.prefill(session, PROMPT);
            assertEquals(
                    TokenDecoder.LEFT_OPEN,
                    device.decodeToken(session, 5, sampler(options).choice(), 0.5));
            assertEquals(PROMPT.length + 1, session.position());
        }
    }

    @Test
    void moreChangesThanThereIsRoomForAreLeftToTheHost() {
        int vocabSize = LogitAdjustment.MAX_CHANGES + 100;
        ModelConfig config = TestingCheckpoint.config("continued", "{\"vocab_size\": %d}".formatted(vocabSize));
        ModelWeights random = ModelWeights.random(config, DType.F32, 42, arena);
        try (TornadoForwardPass onDevice = open(random);
                CpuForwardPass onProcessor = new CpuForwardPass(random, CpuOptions.defaults())) {
            for (int count : new int[] {LogitAdjustment.MAX_CHANGES - 4, LogitAdjustment.MAX_CHANGES}) {
                // With the tokens of prompt and answer, the second one is too many.
                GenerationOptions options = at(1).repetitionPenalty(1.5)
                        .logitBias(IntStream.range(100, 100 + count)
                                .boxed()
                                .collect(Collectors.toMap(Function.identity(), i -> i % 7 - 3.0)))
                        .penaltyWindow(4)
                        .build();
                assertArrayEquals(
                        generate(onProcessor, options, PROMPT, 5, 9), generate(onDevice, options, PROMPT, 5, 9));
                try (Session session = onDevice.newSession(OPTIONS)) {
                    Sampler sampler = Sampler.create(options, vocabSize, 1);
                    Arrays.stream(PROMPT).forEach(sampler::acceptPrompt);
                    onDevice.prefill(session, PROMPT);
                    int next = onDevice.decodeToken(session, 5, sampler.choice(), 0.5);
                    assertEquals(count == LogitAdjustment.MAX_CHANGES, next == TokenDecoder.LEFT_OPEN);
                }
            }
        }
    }

    @Test
    void anObservedSessionLeavesTheChoiceOpen() {
        LayerObserver watching = new LayerObserver() {};
        try (Session session = device.newSession(OPTIONS.withObserver(watching));
                Session plain = device.newSession(OPTIONS)) {
            device.prefill(session, PROMPT);
            device.prefill(plain, PROMPT);
            assertEquals(TokenDecoder.LEFT_OPEN, device.decodeToken(session, 5, TokenChoice.greedy(), 0));
            assertArrayEquals(
                    device.decode(plain, 5).toArray(), session.logits().toArray());
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1})
    void logitsThatAreNoNumbersAreTheSamplersError(double temperature) {
        GenerationOptions options =
                at(temperature).logitBias(Map.of(2, 1.0)).maxTokens(3).build();
        for (GenerationOptions each :
                List.of(options, options.toBuilder().logitBias(Map.of()).build())) {
            String expected = damaged(processor, each);
            assertTrue(expected.startsWith("the logit of token 0 is NaN"), expected);
            assertEquals(expected, damaged(device, each));
        }
    }

    /** What is said of a session whose states are no numbers. */
    private static String damaged(ForwardPass pass, GenerationOptions options) {
        try (Session session = pass.newSession(OPTIONS)) {
            float[] logits = pass.prefill(session, PROMPT).toArray();
            int layer = pass.config().mixerTypes().indexOf(MixerType.LIGHTNING);
            RecurrentState state = (RecurrentState) session.cache(layer);
            double[] values = new double
                    [pass.config().lightning().numHeads()
                            * pass.config().lightning().headDim()
                            * pass.config().lightning().headDim()];
            Arrays.fill(values, Double.NaN);
            state.write(values);
            assertTrue(Float.isFinite(logits[0]));
            return String.valueOf(assertThrows(
                            SamplingException.class,
                            () -> new Generator(pass, Optional.empty()).generate(session, new int[0], options))
                    .getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1})
    void banningEverythingIsTheSamplersError(double temperature) {
        int vocabSize = device.config().vocabSize();
        GenerationOptions options = at(temperature)
                .logitBias(IntStream.range(0, vocabSize)
                        .boxed()
                        .collect(Collectors.toMap(Function.identity(), _ -> Double.NEGATIVE_INFINITY)))
                .build();
        try (Session session = device.newSession(OPTIONS)) {
            device.prefill(session, PROMPT);
            Sampler sampler = sampler(options);
            assertEquals(TokenDecoder.LEFT_OPEN, device.decodeToken(session, 5, sampler.choice(), 0.5));
            Logits logits = session.logits();
            assertEquals(
                    "all 64 tokens are banned by logitBias: leave at least one",
                    assertThrows(SamplingException.class, () -> sampler.sample(logits))
                            .getMessage());
        }
    }

    @Test
    void whatIsOutOfRangeIsRefusedBeforeTheTokenIsIngested() {
        TokenChoice choice = sampler(at(1).build()).choice();
        try (Session session = device.newSession(OPTIONS)) {
            device.prefill(session, PROMPT);
            for (double random : new double[] {-0.1, 1, Double.NaN}) {
                assertEquals(
                        "random: expected from 0 to below 1, found " + random,
                        assertThrows(
                                        IllegalArgumentException.class,
                                        () -> device.decodeToken(session, 5, choice, random))
                                .getMessage());
            }
            assertEquals(PROMPT.length, session.position());
            assertNotEquals(TokenDecoder.LEFT_OPEN, device.decodeToken(session, 5, choice, 0.5));
        }
    }

    private Sampler sampler(GenerationOptions options) {
        return Sampler.create(options, device.config().vocabSize(), 1);
    }
}
