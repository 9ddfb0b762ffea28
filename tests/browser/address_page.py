"""A page that says which address it is asked from, as Streamlit and Uvicorn see it."""

import streamlit as st

st.write(f"asked from {st.context.ip_address}")
