package sala.model.tornado;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.SupportedStorage;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;
import sala.model.AttentionMode;
import sala.model.ForwardPass;
import sala.model.LoadListener;
import sala.model.Logits;
import sala.model.ModelWeights;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.WeightFormat;

/** Proves on this machine that a device computes what the host computes. */
public final class DeviceCheckup {
    /** Forward passes that {@link #checkModel} opens at most, one after the other. */
    public static final int PASSES = 2;

    private static final int DECODED_TOKENS = 8;

    /** Blocks of a prompt, beside those that a token can select: these are left out. */
    private static final int BLOCKS_LEFT_OUT = 4;

    private static final int LEAST_PROMPT = 260;

    private static final List<AttentionMode> MODES = List.of(AttentionMode.ALWAYS_DENSE, AttentionMode.ALWAYS_SPARSE);

    /** Of logits, relative to the largest: rounding alone, with caches in f32 and in f16. */
    private static final double F32_TOLERANCE = 1e-4;

    private static final double F16_TOLERANCE = 2e-2;

    private DeviceCheckup() {}

    /**
     * Outcome of one check.
     *
     * @param name what was checked
     * @param passed whether the device is right
     * @param detail figures, or what went wrong
     */
    public record Result(String name, boolean passed, String detail) {}

    /**
     * Runs the model's kernels one by one on small inputs, beside their reference forms.
     *
     * @param results takes each outcome as soon as it is known
     */
    public static void checkKernels(TornadoDevices.Entry entry, Consumer<Result> results) {
        KernelChecks checks = new KernelChecks(entry.device());
        results.accept(silentJava(checks));
        for (KernelChecks.Named check : checks.all(SupportedStorage.ofWeights(entry.device()))) {
            results.accept(run(check));
        }
    }

    private static Result silentJava(KernelChecks checks) {
        String name = "no silent Java";
        try {
            return checks.kernelsRunningAsJava()
                    .map(wrong -> new Result(name, false, wrong))
                    .orElseGet(() ->
                            new Result(name, true, "kernels run in lanes; one that cannot be compiled is an error"));
        } catch (RuntimeException | Error e) {
            return failed(name, e);
        }
    }

    private static Result run(KernelChecks.Named check) {
        double error;
        try {
            error = check.check().error();
        } catch (RuntimeException | Error e) { // drivers and compilers fail in many ways; the other kernels still count
            return failed(check.name(), e);
        }
        return new Result(
                check.name(),
                error <= KernelChecks.TOLERANCE,
                String.format(Locale.ROOT, "error %.1e of at most %.1e", error, KernelChecks.TOLERANCE));
    }

    private static Result failed(String name, Throwable e) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        return new Result(name, false, message.strip().lines().findFirst().orElse(e.toString()));
    }

    /** Tokens of the prompt that {@link #checkModel} runs: so many that block selection has blocks to leave out. */
    private static int promptLength(ModelConfig config) {
        SparseConfig sparse = config.sparse();
        return Math.max(LEAST_PROMPT, (sparse.effectiveTopK() + BLOCKS_LEFT_OUT) * sparse.blockSize());
    }

    /** Positions that {@link #checkModel} needs of a session. */
    public static int contextLength(ModelConfig config) {
        return promptLength(config) + DECODED_TOKENS;
    }

    /**
     * Runs a model, dense and block-sparse, prefill and greedy decode, beside another forward pass; where the device
     * has tensor cores, once without them, which must give the same text, and once with them.
     *
     * @param expected over the same weights
     * @param expectedName its backend, for the details
     */
    public static void checkModel(
            TornadoDevices.Entry entry,
            ModelWeights weights,
            ForwardPass expected,
            String expectedName,
            Consumer<Result> results) {
        TornadoOptions options =
                TornadoOptions.of(entry.device(), weights, WeightFormat.AUTO, contextLength(weights.config()));
        // Passes follow each other, and TornadoVM keeps most of a closed one's memory.
        long bytes = (options.products().onTensorCores() ? PASSES : 1)
                * DeviceMemoryPlan.of(weights.config(), options).totalBytes();
        if (bytes > DeviceMemoryPlan.usableBytes(entry.memoryBytes())) {
            results.accept(new Result(
                    "model",
                    false,
                    "not run: it takes %,d bytes of %s, which has %,d: take fewer --layers or another --device"
                            .formatted(bytes, entry.name(), entry.memoryBytes())));
            return;
        }
        Map<AttentionMode, Expectation> expectations = new EnumMap<>(AttentionMode.class);
        for (AttentionMode mode : MODES) {
            expectations.put(mode, Expectation.of(expected, mode));
        }
        checkModel(
                entry,
                weights,
                expectations,
                expectedName,
                options.withProducts(MatrixProducts.PORTABLE),
                "model",
                results);
        if (options.products().onTensorCores()) {
            checkModel(entry, weights, expectations, expectedName, options, "model on tensor cores", results);
        }
    }

    /**
     * What another pass computes of a prompt and of the tokens that it finds most probable after it.
     *
     * @param logits of the prompt's last token, then of each token
     * @param tokens greedy, the first after the prompt
     */
    private record Expectation(List<float[]> logits, int[] tokens) {
        static Expectation of(ForwardPass pass, AttentionMode mode) {
            List<float[]> logits = new ArrayList<>();
            int[] tokens = new int[DECODED_TOKENS];
            try (Session session = newSession(pass, mode)) {
                Logits last = pass.prefill(session, prompt(pass.config()));
                logits.add(last.toArray());
                for (int i = 0; i < DECODED_TOKENS; i++) {
                    tokens[i] = last.argmax();
                    last = pass.decode(session, tokens[i]);
                    logits.add(last.toArray());
                }
            }
            return new Expectation(logits, tokens);
        }
    }

    private static Session newSession(ForwardPass pass, AttentionMode mode) {
        return pass.newSession(
                SessionOptions.ofContextLength(contextLength(pass.config())).withAttentionMode(mode));
    }

    private static int[] prompt(ModelConfig config) {
        return IntStream.range(0, promptLength(config))
                .map(i -> (int) (i * 7919L % config.vocabSize()))
                .toArray();
    }

    private static void checkModel(
            TornadoDevices.Entry entry,
            ModelWeights weights,
            Map<AttentionMode, Expectation> expectations,
            String expectedName,
            TornadoOptions options,
            String name,
            Consumer<Result> results) {
        try (ForwardPass actual = new TornadoForwardPass(weights, options, entry.device(), LoadListener.NONE)) {
            for (AttentionMode mode : MODES) {
                String attention = mode == AttentionMode.ALWAYS_DENSE ? "dense" : "block-sparse";
                Expectation expectation = Objects.requireNonNull(expectations.get(mode));
                results.accept(compare(name + ", " + attention, expectation, expectedName, actual, mode, options));
            }
        } catch (RuntimeException | Error e) {
            results.accept(failed(name, e));
        }
    }

    private static Result compare(
            String name,
            Expectation expected,
            String expectedName,
            ForwardPass actual,
            AttentionMode mode,
            TornadoOptions deviceOptions) {
        // Inputs of products are rounded there, to the 8 bits of bf16 at worst: a near tie may turn.
        boolean textMayDiffer = deviceOptions.products().onTensorCores();
        double tolerance = deviceOptions.cacheStorage() == StorageType.F32 ? F32_TOLERANCE : F16_TOLERANCE;
        double error;
        int equalTokens = 0;
        try (Session session = newSession(actual, mode)) {
            Logits logits = actual.prefill(session, prompt(actual.config()));
            error = error(expected.logits().getFirst(), logits.values());
            for (int i = 0; i < DECODED_TOKENS; i++) {
                equalTokens += expected.tokens()[i] == logits.argmax() ? 1 : 0;
                logits = actual.decode(session, expected.tokens()[i]);
                error = Math.max(error, error(expected.logits().get(i + 1), logits.values()));
            }
        }
        return new Result(
                name,
                error <= tolerance && (textMayDiffer || equalTokens == DECODED_TOKENS),
                String.format(
                        Locale.ROOT,
                        "logits differ from those of backend %s by %.1e of at most %.1e, %d of %d greedy tokens are the same",
                        expectedName,
                        error,
                        tolerance,
                        equalTokens,
                        DECODED_TOKENS));
    }

    private static double error(float[] wanted, float[] found) {
        double worst = 0;
        double largest = 0;
        for (int i = 0; i < wanted.length; i++) {
            double error = Math.abs((double) found[i] - wanted[i]);
            worst = Math.max(worst, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
            largest = Math.max(largest, Math.abs(wanted[i]));
        }
        return worst / Math.max(largest, Double.MIN_NORMAL);
    }
}
