package sala.model.tornado;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.SupportedStorage;
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
    /** Tokens after which block selection has blocks to leave out in the small models this is meant for. */
    private static final int PROMPT_LENGTH = 260;

    private static final int DECODED_TOKENS = 8;
    private static final int CONTEXT_LENGTH = PROMPT_LENGTH + DECODED_TOKENS;

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

    /**
     * Runs a small model, dense and block-sparse, prefill and greedy decode, beside another forward pass; where the device
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
        TornadoOptions options = TornadoOptions.of(entry.device(), weights, WeightFormat.AUTO, CONTEXT_LENGTH);
        checkModel(
                entry,
                weights,
                expected,
                expectedName,
                options.withProducts(MatrixProducts.PORTABLE),
                "model",
                results);
        if (options.products().onTensorCores()) {
            checkModel(entry, weights, expected, expectedName, options, "model on tensor cores", results);
        }
    }

    private static void checkModel(
            TornadoDevices.Entry entry,
            ModelWeights weights,
            ForwardPass expected,
            String expectedName,
            TornadoOptions options,
            String name,
            Consumer<Result> results) {
        try (ForwardPass actual = new TornadoForwardPass(weights, options, entry.device(), LoadListener.NONE)) {
            for (AttentionMode mode : new AttentionMode[] {AttentionMode.ALWAYS_DENSE, AttentionMode.ALWAYS_SPARSE}) {
                String attention = mode == AttentionMode.ALWAYS_DENSE ? "dense" : "block-sparse";
                results.accept(compare(name + ", " + attention, expected, expectedName, actual, mode, options));
            }
        } catch (RuntimeException | Error e) {
            results.accept(failed(name, e));
        }
    }

    private static Result compare(
            String name,
            ForwardPass expected,
            String expectedName,
            ForwardPass actual,
            AttentionMode mode,
            TornadoOptions deviceOptions) {
        // Inputs of products are rounded there, to the 8 bits of bf16 at worst: a near tie may turn.
        boolean textMayDiffer = deviceOptions.products().onTensorCores();
        double tolerance = deviceOptions.cacheStorage() == StorageType.F32 ? F32_TOLERANCE : F16_TOLERANCE;
        SessionOptions options = SessionOptions.ofContextLength(CONTEXT_LENGTH).withAttentionMode(mode);
        int vocabSize = expected.config().vocabSize();
        int[] prompt = IntStream.range(0, PROMPT_LENGTH)
                .map(i -> (int) (i * 7919L % vocabSize))
                .toArray();
        double error;
        int equalTokens = 0;
        try (Session first = expected.newSession(options);
                Session second = actual.newSession(options)) {
            Logits expectedLogits = expected.prefill(first, prompt);
            Logits actualLogits = actual.prefill(second, prompt);
            error = error(expectedLogits, actualLogits);
            for (int i = 0; i < DECODED_TOKENS; i++) {
                int token = expectedLogits.argmax();
                equalTokens += token == actualLogits.argmax() ? 1 : 0;
                expectedLogits = expected.decode(first, token);
                actualLogits = actual.decode(second, token);
                error = Math.max(error, error(expectedLogits, actualLogits));
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

    private static double error(Logits expected, Logits actual) {
        float[] wanted = expected.values();
        float[] found = actual.values();
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
