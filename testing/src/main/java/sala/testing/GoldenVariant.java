package sala.testing;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * One variant of a golden kernel: its parameters and its arrays.
 *
 * @param kernel file name without extension
 * @param parameters the variant's JSON object
 * @param tensors arrays of all variants; the accessors below add this variant's prefix
 */
public record GoldenVariant(String kernel, JsonNode parameters, GoldenTensors tensors) {
    /** Integer parameter. */
    public int integer(String name) {
        return parameters.required(name).intValue();
    }

    /** Floating-point parameter. */
    public double number(String name) {
        return parameters.required(name).doubleValue();
    }

    /** Boolean parameter. */
    public boolean flag(String name) {
        return parameters.required(name).booleanValue();
    }

    /** Array of this variant, widened. */
    public double[] doubles(String name) {
        return tensors.doubles(prefix() + name);
    }

    /** Integer array of this variant. */
    public int[] ints(String name) {
        return tensors.ints(prefix() + name);
    }

    /** Dimensions of an array of this variant. */
    public int[] shape(String name) {
        return tensors.shape(prefix() + name);
    }

    /** Name for messages: {@code rope v1.out}. */
    public String label(String name) {
        return kernel + " " + prefix() + name;
    }

    private String prefix() {
        return parameters.required("prefix").textValue();
    }

    /** What a parametrised test shows: {@code rope v1}. */
    @Override
    public String toString() {
        return kernel + " " + prefix().replace(".", "");
    }
}
