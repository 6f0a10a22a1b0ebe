package sala.model.tornado;

import sala.kernels.embedding.CallInput;
import sala.kernels.sampling.LargestLogits;
import sala.kernels.sampling.LogitAdjustment;
import sala.kernels.sampling.RankMarks;
import sala.kernels.sampling.SamplingSettings;
import sala.kernels.sampling.TokenSampling;
import sala.loader.ModelConfig;
import sala.model.LogitChanges;
import sala.model.TokenChoice;
import sala.model.tornado.DeviceModel.Call;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Arrays by which the host sends calls to the graphs of a model and gets caches and tokens back.
 *
 * @param decodeCall a call of one token, see {@link CallInput}
 * @param prefillCall a call of a chunk
 * @param state of one lightning layer, read or to be written
 * @param keys of a chunk of tokens of one sparse layer, likewise
 * @param values likewise
 * @param largest the largest logits of parts of the vocabulary
 * @param largestTokens their tokens
 * @param marks in the rank of its tokens, see {@link RankMarks}
 * @param sampled the token picked, see {@link TokenSampling}
 * @param settings how the next token is drawn, see {@link SamplingSettings}
 * @param changes to its logits, see {@link LogitAdjustment}
 * @param adjusted the logits after those
 */
record HostArrays(
        IntArray decodeCall,
        IntArray prefillCall,
        FloatArray state,
        FloatArray keys,
        FloatArray values,
        FloatArray largest,
        IntArray largestTokens,
        DoubleArray marks,
        IntArray sampled,
        DoubleArray settings,
        DoubleArray changes,
        FloatArray adjusted) {
    /** Arrays for a model, without contents. */
    static HostArrays of(ModelConfig config, int prefillChunk) {
        int kvSize = Math.multiplyExact(prefillChunk, config.kvWidth());
        int parts = LargestLogits.numParts(config.vocabSize());
        return new HostArrays(
                CallInput.create(1),
                CallInput.create(prefillChunk),
                new FloatArray(DeviceCache.stateSize(config)),
                new FloatArray(kvSize),
                new FloatArray(kvSize),
                new FloatArray(parts),
                new IntArray(parts),
                new DoubleArray(RankMarks.size(config.vocabSize())),
                new IntArray(TokenSampling.SAMPLED_SIZE),
                SamplingSettings.create(1, 0, 1, 0),
                LogitAdjustment.createChanges(),
                new FloatArray(config.vocabSize()));
    }

    /** Whether a device draws so: not all that a host can do has room in its arrays and in f32. */
    static boolean canHold(TokenChoice choice) {
        double temperature = choice.temperature();
        boolean temperate =
                temperature >= SamplingSettings.MIN_TEMPERATURE && temperature <= SamplingSettings.MAX_TEMPERATURE;
        return (temperature == 0 || temperate) && choice.changes().size() <= LogitAdjustment.MAX_CHANGES;
    }

    /** Sets how the next token is drawn. */
    void setChoice(TokenChoice choice, double random) {
        setChoice(choice, random, settings, changes);
    }

    /** Sets arrays of {@link SamplingSettings} and {@link LogitAdjustment}. */
    static void setChoice(TokenChoice choice, double random, DoubleArray settings, DoubleArray changes) {
        if (choice.temperature() == 0) {
            SamplingSettings.setGreedy(settings);
        } else {
            SamplingSettings.set(settings, choice.temperature(), choice.topKTokens(), choice.topP(), choice.minP());
        }
        SamplingSettings.setRandom(settings, random);
        LogitChanges listed = choice.changes();
        LogitAdjustment.setCount(changes, listed.size());
        for (int i = 0; i < listed.size(); i++) {
            LogitAdjustment.setChange(
                    changes, i, listed.token(i), listed.bias(i), listed.repetitionPenalty(i), listed.penalty(i));
        }
    }

    /** What the host sends with a call of this kind. */
    IntArray call(Call call) {
        return call.isDecode() ? decodeCall : prefillCall;
    }
}
