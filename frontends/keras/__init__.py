"""frontends/keras."""
